"""How threads begin and end: supersteps, time to live, prune, storage."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from api.scene import Client, busy_run, rows, until
from stack import running

FIRST = {"updates": [{"values": {"x": 1}, "as_node": "__start__"}]}
SECOND = {"updates": [{"values": {"log": ["told"]}, "as_node": "first"}]}


async def ttl_of(http: httpx.AsyncClient, thread_id: str) -> Any:
    return (await http.get(f"/threads/{thread_id}?include=ttl")).json()["ttl"]


@pytest.mark.behaviour("threads.ttl")
async def test_a_thread_says_how_long_it_lives(client: Client, http: httpx.AsyncClient) -> None:
    by_sdk = (await client.threads.create(ttl=90))["thread_id"]
    shown = await ttl_of(http, by_sdk)
    assert (shown["strategy"], shown["ttl_minutes"]) == ("delete", 90)
    left = datetime.fromisoformat(shown["expires_at"]) - datetime.now(UTC)
    assert 89 * 60 < left.total_seconds() <= 90 * 60 + 5
    assert "ttl" not in (await http.get(f"/threads/{by_sdk}")).json()
    assert (await client.threads.get(by_sdk, include=["ttl"]))["ttl"]["ttl_minutes"] == 90

    bare = (await http.post("/threads", json={"ttl": 0.5})).json()["thread_id"]
    assert (await ttl_of(http, bare))["ttl_minutes"] == 0.5
    full = {"ttl": {"strategy": "keep_latest", "ttl": 7}}
    kept = (await http.post("/threads", json=full)).json()["thread_id"]
    assert (await ttl_of(http, kept))["strategy"] == "keep_latest"
    assert await ttl_of(http, (await client.threads.create())["thread_id"]) is None


@pytest.mark.behaviour("threads.ttl-changed")
async def test_a_lifetime_can_be_changed_and_taken_away(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = (await client.threads.create(ttl=90))["thread_id"]
    await client.threads.update(thread_id, metadata={"a": 1})
    assert (await ttl_of(http, thread_id))["ttl_minutes"] == 90
    await client.threads.update(thread_id, metadata={}, ttl={"strategy": "keep_latest", "ttl": 5})
    changed = await ttl_of(http, thread_id)
    assert (changed["strategy"], changed["ttl_minutes"]) == ("keep_latest", 5)
    await http.patch(f"/threads/{thread_id}", json={"ttl": None})
    assert await ttl_of(http, thread_id) is None


@pytest.mark.behaviour("threads.ttl-starts-anew")
async def test_using_a_thread_starts_its_time_anew(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = (await client.threads.create(ttl=90))["thread_id"]
    ends = [(await ttl_of(http, thread_id))["expires_at"]]
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    ends.append((await ttl_of(http, thread_id))["expires_at"])
    await client.threads.update_state(thread_id, {"x": 2})
    ends.append((await ttl_of(http, thread_id))["expires_at"])
    assert ends == sorted(set(ends))


@pytest.mark.behaviour("threads.ttl-wrong")
@pytest.mark.parametrize(
    "ttl", [0, -1, True, "1", {"ttl": 0}, {"strategy": "delete"}, {"ttl": 1, "strategy": "burn"}, 1e300, [1]]
)
async def test_a_wrong_lifetime_is_refused(http: httpx.AsyncClient, thread_id: str, ttl: Any) -> None:
    assert (await http.post("/threads", json={"ttl": ttl})).status_code == 422
    assert (await http.patch(f"/threads/{thread_id}", json={"ttl": ttl})).status_code == 422


@pytest.mark.behaviour("threads.ttl-config", "threads.ttl-keep-latest")
async def test_threads_end_by_themselves_as_the_config_says(database: str, app_folder: Path) -> None:
    config = json.loads((app_folder / "langgraph.json").read_text())
    config["checkpointer"] = {
        "ttl": {"strategy": "delete", "default_ttl": 0.02, "sweep_interval_minutes": 0.005, "sweep_limit": 50}
    }
    path = app_folder / f"langgraph.{uuid4().hex}.json"
    path.write_text(json.dumps(config))
    try:
        async with running(database, config=path) as stack, stack.client() as client:
            await _threads_end(client)
    finally:
        path.unlink()


async def _threads_end(client: Client) -> None:
    short, long, busy = [
        (await client.threads.create(**ttl))["thread_id"] for ttl in ({}, {"ttl": 60}, {"ttl": 0.005})
    ]
    run_id = await busy_run(client, busy)
    kept = (await client.threads.create(ttl={"strategy": "keep_latest", "ttl": 0.005}))["thread_id"]
    await client.runs.wait(kept, "ask", input={"x": 1})

    async def swept() -> bool:
        found = {t["thread_id"] for t in await client.threads.search()}
        return short not in found and len(await client.threads.get_history(kept)) == 1

    await until(swept)
    assert {t["thread_id"] for t in await client.threads.search()} == {long, busy, kept}
    assert (await client.threads.get(kept))["status"] == "interrupted"
    assert (await client.runs.wait(kept, "ask", command={"resume": "yes"}))["answers"] == ["yes"]
    await client.runs.cancel(busy, run_id, wait=True)


@pytest.mark.behaviour("threads.prune")
async def test_prune_deletes_threads_and_skips_what_is_not_there(client: Client, stack_database: str) -> None:
    before = rows(stack_database)
    threads = [(await client.threads.create())["thread_id"] for _ in range(3)]
    await client.runs.wait(threads[0], "echo", input={"x": 1})
    missing = str(uuid4())
    assert (await client.threads.prune([*threads, missing, threads[0]]))["pruned_count"] == 3
    assert rows(stack_database) == before


@pytest.mark.behaviour("threads.prune-keep-latest")
async def test_prune_keeps_the_latest_and_the_thread_goes_on(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = (await client.threads.create())["thread_id"]
    for _ in range(2):
        await client.runs.wait(thread_id, "ask_twice", input={"x": 1})
    busy = (await client.threads.create())["thread_id"]
    run_id = await busy_run(client, busy)
    before = await client.threads.get_state(thread_id)
    answer = await http.post(
        "/threads/prune", json={"thread_ids": [thread_id, busy], "strategy": "keep_latest"}
    )
    assert answer.json() == {"pruned_count": 1, "skipped": {busy: "busy"}}
    history = await client.threads.get_history(thread_id, limit=50)
    assert [h["checkpoint_id"] for h in history] == [before["checkpoint_id"]]
    assert history[0]["parent_checkpoint"] is None
    assert history[0]["interrupts"] == before["interrupts"]
    await client.runs.wait(thread_id, "ask_twice", command={"resume": "a"})
    assert (await client.runs.wait(thread_id, "ask_twice", command={"resume": "b"}))["answers"] == ["a", "b"]
    await client.runs.cancel(busy, run_id, wait=True)


async def test_a_run_on_a_reduced_thread_can_be_rolled_back(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    await client.threads.prune([thread_id], strategy="keep_latest")
    run_id = await busy_run(client, thread_id)
    await client.runs.cancel(thread_id, run_id, wait=True, action="rollback")
    state = await client.threads.get_state(thread_id)
    assert state["values"]["log"] == ["first", "second"]


@pytest.mark.parametrize("body", [{}, {"thread_ids": ["x"]}, {"thread_ids": [], "strategy": "burn"}])
async def test_a_wrong_prune_is_refused(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await http.post("/threads/prune", json=body)).status_code == 422


@pytest.mark.behaviour("threads.storage")
async def test_storage_tells_what_a_thread_takes(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    empty = (await http.get(f"/threads/{thread_id}/storage")).json()
    assert empty == {
        "thread_id": thread_id, "total_bytes": 0, "checkpoints": {"count": 0, "bytes": 0},
        "channel_values": {"count": 0, "bytes": 0, "by_channel": {}},
        "pending_writes": {"count": 0, "bytes": 0},
    }  # fmt: skip
    await client.runs.wait(thread_id, "echo", input={"x": {"text": "y" * 5000}})
    full = (await http.get(f"/threads/{thread_id}/storage")).json()
    parts = ("checkpoints", "channel_values", "pending_writes")
    assert full["total_bytes"] == sum(full[part]["bytes"] for part in parts)
    assert full["checkpoints"]["count"] == 4
    assert full["channel_values"]["by_channel"]["x"]["bytes"] > 5000
    assert full["channel_values"]["by_channel"]["log"]["versions"] == 2
    assert full["channel_values"]["count"] == sum(
        channel["versions"] for channel in full["channel_values"]["by_channel"].values()
    )
    assert (await http.get(f"/threads/{uuid4()}/storage")).status_code == 404
    assert (await http.get("/threads/x/storage")).status_code == 422


@pytest.mark.behaviour("threads.supersteps")
async def test_a_thread_begins_with_the_supersteps_of_another(client: Client) -> None:
    thread = await client.threads.create(
        metadata={"mark": "m"}, graph_id="echo", supersteps=[FIRST, SECOND], ttl=90
    )
    assert thread["values"] == {"x": 1, "log": ["told"]}
    assert thread["metadata"] == {"mark": "m", "graph_id": "echo"}
    assert thread["status"] == "interrupted"
    thread_id = thread["thread_id"]
    state = await client.threads.get_state(thread_id)
    assert (state["next"], state["values"]) == (["second"], thread["values"])
    assert len(await client.threads.get_history(thread_id, limit=10)) == 2
    ended = await client.runs.wait(thread_id, "echo", input=None)
    assert ended["log"] == ["told", "second"]


@pytest.mark.behaviour("threads.supersteps-command")
async def test_a_superstep_may_be_a_command(client: Client) -> None:
    jump = {
        "updates": [
            {"values": None, "command": {"update": {"log": ["jumped"]}, "goto": "second"}, "as_node": "first"}
        ]
    }
    thread = await client.threads.create(graph_id="echo", supersteps=[FIRST, jump])
    assert thread["values"]["log"] == ["jumped"]
    assert (await client.threads.get_state(thread["thread_id"]))["next"] == ["second"]


WRONG: list[tuple[dict[str, Any], list[Any], int]] = [
    ({}, [FIRST], 422),
    ({"graph_id": "nope"}, [FIRST], 404),
    ({"graph_id": "broken"}, [FIRST], 422),
    ({"graph_id": "echo"}, [{"updates": []}], 422),
    ({"graph_id": "echo"}, [{"updates": [{"values": {}}]}], 422),
    ({"graph_id": "echo"}, [FIRST, {"updates": [{"values": {"log": ["a"]}, "as_node": "nope"}]}], 400),
    ({"graph_id": "echo"}, [FIRST, {"updates": [{"values": [1, 2], "as_node": "first"}]}], 400),
    ({"graph_id": "echo"}, [FIRST, {"updates": [{"values": {"log": 3}, "as_node": "first"}]}], 400),
    ({"graph_id": "echo"}, [{"updates": [{"values": None, "as_node": "__copy__"}]}], 400),
    ({"graph_id": "echo"}, [{"updates": [{"command": {"goto": {"x": 1}}, "as_node": "first"}]}], 422),
    ({"graph_id": "echo"}, [{"updates": [{"command": {"resume": 1}, "as_node": "first"}]}], 422),
]


@pytest.mark.behaviour("threads.supersteps-or-nothing")
@pytest.mark.parametrize(("metadata", "supersteps", "status"), WRONG)
async def test_a_superstep_that_does_not_fit_leaves_nothing_behind(
    http: httpx.AsyncClient, stack_database: str, metadata: dict[str, Any], supersteps: Any, status: int
) -> None:
    before, thread_id = rows(stack_database), str(uuid4())
    body = {"thread_id": thread_id, "metadata": metadata, "supersteps": supersteps}
    response = await http.post("/threads", json=body)
    assert response.status_code == status, response.text
    assert (await http.get(f"/threads/{thread_id}")).status_code == 404
    assert rows(stack_database) == before


async def test_a_thread_that_is_there_is_not_begun_again(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    body = {"thread_id": thread_id, "metadata": {"graph_id": "echo"}, "supersteps": [FIRST]}
    answers = await asyncio.gather(*(http.post("/threads", json=body) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409]
    again = await http.post("/threads", json=body | {"if_exists": "do_nothing"})
    assert again.json()["values"] == {"x": 1, "log": []}
    assert len(await client.threads.get_history(thread_id, limit=10)) == 1
