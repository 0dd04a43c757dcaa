"""Tenants: every place that takes an id, by the OpenAPI document, is asked for another tenant's things."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import httpx
import psycopg
import pytest_asyncio
from api.access import NEW_RUN, ROUTES, YEARLY
from stack import SESSION, Stack
from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import OpenHouse
from holdfast_server.access.principal import Principal
from holdfast_server.api.app import make_app
from holdfast_server.settings import Settings
from holdfast_server.workers.rescuer import Rescuer

ACME, BETA = {"x-tenant": "acme"}, {"x-tenant": "beta"}
# What nobody but its tenant may read, and where it stands: state, metadata, names, items, errors.
WORD = "walrus-ledger"
Things = Mapping[str, str]


class ByHeader(OpenHouse):
    """Everybody does everything in the tenant that a header names."""

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        return Principal(tenant=connection.headers["x-tenant"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(template: str) -> AsyncIterator[Stack]:
    """A worker for all tenants, and an API of which only the database is used."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_tenants template house")
    stack = await Stack.start(template.replace("/postgres?", "/house_tenants?"))
    yield stack
    await stack.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(house: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """The API in this process, where a header says the tenant."""
    app = make_app(Settings(database_url=house.database_url), companion=Rescuer, gatekeeper=ByHeader())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=30) as http,
    ):
        yield http


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def theirs(http: httpx.AsyncClient) -> Things:
    """What acme has."""
    return await made(http, ACME, WORD)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own(http: httpx.AsyncClient) -> Things:
    """What beta has."""
    return await made(http, BETA, "pelican")


async def made(http: httpx.AsyncClient, who: dict[str, str], word: str) -> Things:
    """A thread with a finished run, an assistant, a cron and an item, all of which say the word."""
    said = {"metadata": {"note": word}}
    thread = (await http.post("/threads", json=said, headers=who)).json()
    path = f"/threads/{thread['thread_id']}"
    body = {"assistant_id": "echo", "input": {"x": 1, "note": word}, **said}
    ended = await http.post(f"{path}/runs/wait", json=body, headers=who)
    assert ended.status_code == 200, ended.text
    [run] = (await http.get(f"{path}/runs", headers=who)).json()
    state = (await http.get(f"{path}/state", headers=who)).json()
    assistant = (
        await http.post("/assistants", json={"graph_id": "echo", "name": word, **said}, headers=who)
    ).json()
    cron = (await http.post("/runs/crons", json=YEARLY | said, headers=who)).json()
    item = {"namespace": [word], "key": "k", "value": {"note": word}}
    assert (await http.put("/store/items", json=item, headers=who)).status_code == 204
    return {
        "thread_id": thread["thread_id"],
        "run_id": run["run_id"],
        "checkpoint_id": state["checkpoint"]["checkpoint_id"],
        "assistant_id": assistant["assistant_id"],
        "cron_id": cron["cron_id"],
    }


@dataclass(frozen=True)
class Attack:
    """One request of beta's in which one place names something of acme's."""

    method: str
    path: str
    body: Any
    query: Mapping[str, str]
    what: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.what}"


# Which of acme's things stands for a parameter of this name.
MEANS = {
    "thread_id": "thread_id", "thread_ids": "thread_id", "ids": "thread_id", "run_id": "run_id",
    "run_ids": "run_id", "checkpoint_id": "checkpoint_id", "assistant_id": "assistant_id",
    "cron_id": "cron_id", "before": "checkpoint_id",
}  # fmt: skip
# These answer 200 to everybody; then nothing of acme's may be in the answer.
BLIND = {
    "/threads/search", "/threads/count", "/runs/crons/search", "/runs/crons/count", "/holdfast/webhooks",
    "/assistants/search", "/assistants/count", "/threads/prune",
}  # fmt: skip
# An id that beta chooses for something of its own is beta's, whoever else uses it: see the test below.
# The protocol's `run.start` makes the thread that its path names.
OWN_CHOICE = {
    ("POST", "/threads", "thread_id"),
    ("POST", "/assistants", "assistant_id"),
    ("POST", "/threads/{thread_id}/commands", "path"),
}
# A stateless run that is asked to begin at a checkpoint has none at all.
REFUSED = defaultdict(lambda: {404}, {"checkpoint": {400, 404}, "checkpoint_id": {400, 404}})
# In these, "before" filters beta's own history.
FILTERS = {"before"}


def attacks(document: Mapping[str, Any], own: Things, theirs: Things) -> Iterator[Attack]:
    """One for each place of each operation that takes an id."""
    # The plainest body of a route stands first.
    bodies = {(r.method, r.path): r.body for r in reversed(ROUTES) if r.body is not None}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            verb, body = method.upper(), filled(bodies.get((method.upper(), path)), own)
            names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "path"]
            for chosen in product((own, theirs), repeat=len(mine := [n for n in names if n in MEANS])):
                if any(side is theirs for side in chosen) and (verb, path, "path") not in OWN_CHOICE:
                    ids = {name: side[MEANS[name]] for name, side in zip(mine, chosen, strict=True)}
                    yield Attack(verb, path.format(**{"namespace": "calm", **ids}), body, {}, "path")
            at_home = path.format(**{"namespace": "calm", **own})
            for name in {
                p["name"] for p in operation.get("parameters", []) if p["in"] == "query"
            } & MEANS.keys():
                yield Attack(verb, at_home, body, {name: theirs[MEANS[name]]}, name)
            for name in sorted(fields(document, operation) & MEANS.keys()):
                if (verb, path, name) in OWN_CHOICE:
                    continue
                yield Attack(verb, at_home, placed(body, name, theirs[MEANS[name]]), {}, name)
            if "config" in fields(document, operation) and isinstance(body, dict):
                yield Attack(verb, at_home, body | {"config": {"configurable": dict(theirs)}}, {}, "config")
            if "checkpoint" in fields(document, operation):
                yield Attack(verb, at_home, placed(body, "checkpoint", dict(theirs)), {}, "checkpoint")


def fields(document: Mapping[str, Any], operation: Mapping[str, Any]) -> set[str]:
    """The names of what a body may hold; of its items, where it is a list."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return properties(document, content.get("schema", {}))


def properties(document: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    parts = [
        *schema.get("anyOf", []),
        *schema.get("allOf", []),
        *([schema["items"]] if "items" in schema else []),
    ]
    return set(schema.get("properties", {})).union(*(properties(document, part) for part in parts))


def placed(body: Any, name: str, value: Any) -> Any:
    """The body with one thing of acme's in it."""
    if isinstance(body, list):
        return [placed(item, name, value) for item in body]
    return {**(body or {}), name: [value] if name.endswith("ids") else value}


def filled(body: Any, things: Things) -> Any:
    text = json.dumps(body)
    for name, value in things.items():
        text = text.replace("{" + name + "}", value)
    return json.loads(text)


async def sent(http: httpx.AsyncClient, attack: Attack) -> tuple[int, str]:
    """The status and the answer; nothing of a stream about beta's own thread, which stays open."""
    request = {"json": attack.body} if attack.body is not None else {}
    try:
        async with asyncio.timeout(4):
            answer = await http.request(
                attack.method, attack.path, params=dict(attack.query), headers=BETA, **request
            )
    except TimeoutError:
        return 200, "not found: it stays open"
    return answer.status_code, answer.text


def as_it_should(attack: Attack, status: int, text: str) -> bool:
    """Whether beta learned nothing: 404, or an answer about things of its own."""
    if WORD in text:
        return False
    if attack.path in BLIND or attack.what in {"config", *FILTERS}:
        return status < 500
    # LangGraph's server shows the empty state, or no history, at any checkpoint that is not there.
    empty = ('"values":{}' in text and '"checkpoint":null' in text) or text == "[]"
    return status in REFUSED[attack.what] or (status == 200 and (empty or "not found" in text))


async def test_no_id_opens_what_belongs_to_another_tenant(
    http: httpx.AsyncClient, own: Things, theirs: Things
) -> None:
    before = await everything(http, theirs)
    document = (await http.get("/openapi.json", headers=BETA)).json()
    tried = list(attacks(document, own, theirs))
    wrong = []
    for attack in tried:
        status, text = await sent(http, attack)
        if not as_it_should(attack, status, text):
            wrong.append(f"{attack}: {status} {text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert len(tried) > 100
    assert await everything(http, theirs) == before


async def everything(http: httpx.AsyncClient, things: Things) -> list[Any]:
    """All that acme has, as acme sees it."""
    paths = ("/threads/{thread_id}", "/threads/{thread_id}/state", "/threads/{thread_id}/history",
        "/threads/{thread_id}/runs", "/assistants/{assistant_id}", "/runs/crons/{cron_id}")  # fmt: skip
    found = [(await http.get(path.format(**things), headers=ACME)).json() for path in paths]
    item = await http.get("/store/items", params={"namespace": WORD, "key": "k"}, headers=ACME)
    return [*found, item.json()]


async def test_long_term_memory_is_the_tenants_own(
    http: httpx.AsyncClient, own: Things, theirs: Things
) -> None:
    asked = {"namespace": WORD, "key": "k"}
    assert (await http.get("/store/items", params=asked, headers=BETA)).json() in (None, {}) or (
        await http.get("/store/items", params=asked, headers=BETA)
    ).status_code == 404
    for prefix in ([], ["acme"], ["acme", WORD], [WORD], ["*"]):
        found = await http.post("/store/items/search", json={"namespace_prefix": prefix}, headers=BETA)
        assert WORD not in found.text
    listed = (await http.post("/store/namespaces", json={}, headers=BETA)).json()
    assert listed == {"namespaces": [["pelican"]]}


async def test_two_tenants_use_the_same_ids_and_notice_nothing(http: httpx.AsyncClient) -> None:
    thread = {"thread_id": "01a1fe20-0000-7000-8000-0000000000aa"}
    for who, x in ((ACME, 3), (BETA, 4)):
        assert (await http.post("/threads", json=thread, headers=who)).status_code == 200
        run = await http.post(
            f"/threads/{thread['thread_id']}/runs/wait", json=NEW_RUN | {"input": {"x": x}}, headers=who
        )
        assert run.json()["x"] == x
    for who, x in ((ACME, 3), (BETA, 4)):
        state = (await http.get(f"/threads/{thread['thread_id']}/state", headers=who)).json()
        assert state["values"]["x"] == x
        assert len((await http.get(f"/threads/{thread['thread_id']}/runs", headers=who)).json()) == 1
    assert (await http.delete(f"/threads/{thread['thread_id']}", headers=ACME)).status_code == 204
    assert (await http.get(f"/threads/{thread['thread_id']}/state", headers=BETA)).status_code == 200


async def test_a_tenant_seen_for_the_first_time_has_every_graph(http: httpx.AsyncClient) -> None:
    new = {"x-tenant": "gamma.example"}
    found = (await http.post("/assistants/search", json={"limit": 100}, headers=new)).json()
    assert "echo" in {a["graph_id"] for a in found}
    assert (await http.post("/runs/wait", json=NEW_RUN, headers=new)).json()["x"] == 1


async def test_a_graphs_own_look_at_memory_ends_at_its_tenant(http: httpx.AsyncClient) -> None:
    for who in (ACME, BETA):
        fact = {"user": "u", "text": who["x-tenant"]}
        body = {"assistant_id": "memory", "input": {"user": "u", "fact": fact}}
        answer = await http.post("/runs/wait", json=body, headers=who)
        assert who["x-tenant"] in answer.text
    assert "acme" not in answer.text


def test_every_row_says_whose_it_is(house: Stack, theirs: Things, own: Things) -> None:
    """What the tests above left behind: nothing fell to the tenant that everybody has."""
    tables = ("thread", "run", "event", "checkpoints", "checkpoint_writes", "cron")
    with psycopg.connect(house.database_url, options=SESSION) as conn:
        for table in tables:
            found = conn.execute(f"select distinct tenant from {table}").fetchall()
            assert {"acme", "beta"} <= {row[0] for row in found}, table
            assert ("default",) not in found, table
