"""Canaries: secrets planted wherever one can stand, and code that leaks them all. None gets out."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import grep
import psycopg
import pytest
import pytest_asyncio
from api.scene import Client, until
from receiver import Receiver, receiving
from stack import APP, Stack, running
from uuid_utils.compat import uuid7

from holdfast_server.db.pool import make_pool
from holdfast_server.runs.admission import Admitted, RunRequest, admit
from holdfast_server.runs.assistant import default_assistant_id

ACME = "acme_corp"
EVERYTHING = ["HOUSE_ENV", "HOUSE_FILE", "HOUSE_VAULT", "ODD"]
MODES: list[Any] = [
    "values", "updates", "messages", "messages-tuple", "custom", "tasks", "checkpoints", "debug", "events",
]  # fmt: skip
CONTEXT = {"key": "secret:HOUSE_FILE", "nested": {"list": ["secret:HOUSE_VAULT"]}, "names": EVERYTHING}


@dataclass
class House:
    """A stack, what was planted in it, and what its API said."""

    stack: Stack
    planted: dict[str, str]
    receiver: Receiver
    heard: list[str] = field(default_factory=list)

    def hear(self, answer: Any) -> Any:
        self.heard.append(json.dumps(answer, default=repr, ensure_ascii=False))
        return answer

    def leaks(self) -> dict[str, set[str]]:
        """Where something planted can be read, and what."""
        places = grep.database(self.stack.database_url)
        processes = [self.stack.api, *self.stack.workers]
        places |= {f"log of {process.name}": process.log.read_bytes() for process in processes}
        places["answers"] = "\n".join(self.heard).encode()
        places["webhooks"] = repr([delivery.body for delivery in self.receiver.received]).encode()
        found = {place: grep.found_in(held, self.planted) for place, held in places.items()}
        return {place: names for place, names in found.items() if names}


def planting(folder: Path) -> dict[str, str]:
    """Plants secrets in files, code and langgraph.json of a folder; answers their values by name."""
    new = {name: f"sk-{secrets.token_urlsafe(24)}" for name in (
        "HOUSE_ENV", "HOUSE_VAULT", "ACME_FILE", "ACME_ENV", "ACME_VAULT", "FOR_ALL", "literal", "password",
        "process",
    )}  # fmt: skip
    lines = [secrets.token_urlsafe(33) for _ in range(3)]
    new["HOUSE_FILE"] = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])
    new["ODD"] = f"\"ö{secrets.token_urlsafe(9)}\\ +/%{secrets.token_urlsafe(9)}'\t☃"
    mounted = folder / "mounted"
    (mounted / ACME).mkdir(parents=True)
    (mounted / "HOUSE_FILE").write_text(new["HOUSE_FILE"] + "\n")
    (mounted / "ODD").write_text(new["ODD"])
    (mounted / "FOR_ALL").write_text(new["FOR_ALL"])
    (mounted / ACME / "ACME_FILE").write_text(new["ACME_FILE"])
    vault = {"default": {"HOUSE_VAULT": new["HOUSE_VAULT"]}, ACME: {"ACME_VAULT": new["ACME_VAULT"]}}
    (folder / "vault.json").write_text(json.dumps(vault))
    config = folder / "langgraph.json"
    text = config.read_text().replace("@literal@", new["literal"]).replace("@password@", new["password"])
    config.write_text(text)
    return new


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks."""
    with receiving() as receiver:
        yield receiver


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(template: str, receiver: Receiver, tmp_path_factory: Any) -> AsyncIterator[House]:
    """A house with canaries, in which every graph has leaked."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_canary template house")
    folder = tmp_path_factory.mktemp("canary") / "app"
    shutil.copytree(APP.parent / "canary", folder)
    shutil.copy(APP.parent / "model.py", folder)
    planted = planting(folder)
    env = {
        "CANARY_HOUSE_ENV": planted["HOUSE_ENV"],
        "CANARY_ACME_CORP__ACME_ENV": planted["ACME_ENV"],
        "PROCESS_TOKEN": planted["process"],
        "HOLDFAST_WEBHOOK_PAUSE": "0.1",
    }
    url = template.replace("/postgres?", "/house_canary?")
    async with running(url, config=folder / "langgraph.json", env=env) as stack:
        house = House(stack, planted, receiver)
        async with stack.client() as client:
            await leak(house, client)
        yield house


async def leak(house: House, client: Client) -> None:
    """Runs everything that leaks, and reads everything that can be read."""
    await asyncio.gather(*(_leak_by(house, client, graph) for graph in ("leaking", "failing")))
    for words in ("tell", "fail", "crash"):
        asked = {"messages": [{"role": "user", "content": words}]}
        for graph in ("agent", "gossiping"):
            house.hear(await client.runs.wait(None, graph, input=asked, raise_error=False))
    said = {"configurable": {"said": house.planted["literal"], "key": "secret:HOUSE_FILE"}}
    house.hear(await client.runs.wait(None, "prying", input={"x": []}, config=said))
    house.hear(await client.store.search_items(("leaks",)))
    house.hear(await client.store.get_item(["leaks", "deep"], "item"))
    async with house.stack.http() as http:
        for path in ("/openapi.json", "/info", "/metrics"):
            house.heard.append((await http.get(path)).text)
        for path in ("/assistants/search", "/threads/search", "/runs/crons/search"):
            house.heard.append((await http.post(path, json={})).text)
        broken = await http.post("/runs/wait", json={"assistant_id": "broken", "input": {}})
        assert "cannot connect with [secret:" in broken.text
        house.heard.append(broken.text)


async def _leak_by(house: House, client: Client, graph: str) -> None:
    thread_id = str((await client.threads.create())["thread_id"])
    literal = house.planted["literal"]
    asked = {
        "input": {"x": f"said {literal}"},
        "context": CONTEXT,
        "config": {"metadata": {"config": literal}},
        "metadata": {"said": literal},
        "webhook": f"{house.receiver.url}/{graph}",
    }
    parts = client.runs.stream(thread_id, graph, stream_mode=MODES, stream_subgraphs=True, **asked)
    said = ""
    async for part in parts:
        house.hear(part)
        said += str(part.data[0]["content"]) if part.event == "messages" else ""
    # What a model says in pieces, put together.
    house.heard.append(said)
    for run in house.hear(await client.runs.list(thread_id)):
        house.hear(await client.runs.get(thread_id, run["run_id"]))
        async for part in client.runs.join_stream(thread_id, run["run_id"], last_event_id="0"):
            house.hear(part)
    house.hear(await client.threads.get(thread_id))
    house.hear(await client.threads.get_state(thread_id))
    house.hear(await client.threads.get_history(thread_id))
    if graph == "failing":
        edit = {"scalar": f"edited {literal}"}
        house.hear(await client.threads.update_state(thread_id, edit, as_node="leak"))
    house.hear(await client.crons.create(graph, schedule="0 0 1 1 *", input={"x": literal}, context=CONTEXT))
    await client.store.put_item(["said"], key=graph, value={"said": literal, literal: 1})


async def test_nothing_planted_can_be_read_anywhere(house: House) -> None:
    for graph in ("leaking", "failing"):
        await house.receiver.came(f"/{graph}")
    assert house.leaks() == {}


async def test_the_leaks_did_happen(house: House) -> None:
    held = grep.database(house.stack.database_url)
    for column in (
        "holdfast.run.output", "holdfast.run.error", "holdfast.run.kwargs", "holdfast.run.metadata",
        "holdfast.thread.values", "holdfast.thread.interrupts", "holdfast.event.data",
        "holdfast.effect.result",
        "holdfast.graph.error", "holdfast.cron.payload", "holdfast.checkpoint_blobs.blob",
        "holdfast.checkpoint_writes.blob", "holdfast.checkpoints.checkpoint", "holdfast.checkpoints.metadata",
        "holdfast.store.value",
    ):  # fmt: skip
        assert b"[secret:" in held[column], column
    log = house.stack.workers[0].log.read_text()
    for words in (
        "printed [secret:",
        "written [secret:",
        "bytes [secret:",
        "logged [secret:",
        "'value': '[secret:",
    ):
        assert words in log
    assert "RuntimeError: [secret:" in log
    (delivery,) = house.receiver.at("/leaking")
    assert delivery.headers["authorization"] == f"Bearer {house.planted['HOUSE_VAULT']}"
    assert "[secret:" in repr(delivery.body)


async def test_the_stored_run_keeps_the_references(house: House) -> None:
    with psycopg.connect(house.stack.database_url) as conn:
        rows = conn.execute(
            "select kwargs -> 'context' from holdfast.run where graph_id = 'leaking'"
        ).fetchall()
    assert rows == [(CONTEXT,)]


async def test_what_nobody_knows_to_be_a_secret_stays(house: House) -> None:
    unknown = f"only-the-client-knows-{secrets.token_hex(8)}"
    client: Client
    async with house.stack.client() as client:
        await client.runs.wait(None, "prying", input={"x": [unknown]})
    held = grep.database(house.stack.database_url)
    places = {place for place, text in held.items() if grep.found_in(text, {"it": unknown})}
    assert {"holdfast.run.kwargs", "holdfast.event.data"} & places


async def test_a_callers_key_is_masked_by_its_form_whoever_sends_it(house: House) -> None:
    key = f"hf_ab12cd34_{secrets.token_urlsafe(33)[:43]:x<43}"
    client: Client
    async with house.stack.client() as client:
        said = await client.runs.wait(None, "prying", input={"x": [key]})
    assert key not in repr(said)
    held = grep.database(house.stack.database_url)
    assert not any(grep.found_in(text, {"key": key}) for text in held.values())


async def refusals(house: House, tenant: str, names: list[str], context: Any = None) -> dict[str, Any]:
    """What a run of a tenant is told when it asks for these names: its row when it has ended."""
    graph, run_id = "prying", uuid7()
    request = RunRequest(
        tenant=tenant, run_id=run_id, thread_id=uuid7(), assistant_id=default_assistant_id(graph),
        graph_id=graph, strategy="enqueue", create_thread=True,
        kwargs={"input": {"x": names}, "context": context, "stream_mode": ["values"]},
    )  # fmt: skip
    theirs = make_pool(house.stack.database_url, size=2, name="test", role="holdfast_app", tenant=tenant)
    async with theirs as pool, pool.connection() as conn:
        assert isinstance(await admit(conn, request), Admitted)
    return await ended(house, run_id)


async def ended(house: House, run_id: UUID) -> dict[str, Any]:
    """The row of a run, once it is over."""
    found: dict[str, Any] = {}

    async def over() -> bool:
        with psycopg.connect(house.stack.database_url) as conn:
            row = conn.execute(
                "select state, output, error from holdfast.run where run_id = %s and ended_at is not null",
                [run_id],
            ).fetchone()
        found.update(zip(("state", "output", "error"), row, strict=True) if row else ())
        return row is not None

    await until(over, patience=20)
    return found


THEIRS = [
    "HOUSE_ENV",
    "HOUSE_FILE",
    "HOUSE_VAULT",
    "../HOUSE_FILE",
    "..",
    "default/HOUSE_FILE",
    "DATABASE_URL",
]
ACMES = ["ACME_FILE", "ACME_ENV", "ACME_VAULT", "ACME_CORP__ACME_ENV", f"{ACME}/ACME_FILE"]


async def test_a_tenant_reaches_its_own_secrets_and_shared_ones(house: House) -> None:
    run = await refusals(house, ACME, [*ACMES[:3], "FOR_ALL"])
    masked = [f"GOT [secret:{name}]" for name in (*ACMES[:3], "FOR_ALL")]
    assert all(text in run["output"]["refused"] for text in masked)


@pytest.mark.parametrize(
    ("tenant", "names"), [(ACME, THEIRS), ("default", ACMES), ("globex", [*THEIRS, *ACMES])]
)
async def test_nobody_reaches_the_secrets_of_another_tenant(
    house: House, tenant: str, names: list[str]
) -> None:
    run = await refusals(house, tenant, names)
    assert run["state"] == "success"
    assert "GOT" not in run["output"]["refused"]
    assert run["output"]["refused"].count("UnknownSecret: ") == len(names)


async def test_a_context_of_one_tenant_cannot_name_the_secret_of_another(house: House) -> None:
    run = await refusals(house, ACME, [], context={"key": "secret:HOUSE_FILE"})
    assert run["error"]["error"] == "UnknownSecret"
    assert run["error"]["message"].startswith("secret:HOUSE_FILE is not known; looked for ")


async def test_a_provider_that_quotes_its_secret_in_an_error_is_not_quoted(house: House) -> None:
    run = await refusals(house, "default", ["TALKATIVE"])
    assert run["output"]["refused"].endswith("./vault.py:Vault failed with ValueError")
    assert house.leaks() == {}
