"""Cancellation, asked for or by hanging up."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import psycopg
import pytest
from api.scene import LONG, Client, busy_run, status_of, until
from langgraph_sdk.errors import NotFoundError
from stack import Stack


async def checkpoints(client: Client, thread_id: str) -> list[str | None]:
    return [s["checkpoint_id"] for s in await client.threads.get_history(thread_id, limit=50)]


@pytest.mark.behaviour("cancel.interrupt")
async def test_a_cancelled_run_ends_in_a_moment_and_can_be_continued(client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    started = time.monotonic()
    await client.runs.cancel(thread_id, run_id, wait=True)
    assert time.monotonic() - started < 2
    assert await status_of(client, thread_id, run_id) == "interrupted"
    state = await client.threads.get_state(thread_id)
    assert (state["next"], state["values"]["log"]) == (["sleep"], ["before"])

    await client.threads.update_state(thread_id, {"seconds": 0}, as_node="before")
    assert (await client.runs.wait(thread_id, "slow", input=None))["log"] == ["before", "slept", "after"]


@pytest.mark.behaviour("cancel.answers")
async def test_cancel_answers_202_or_waits(client: Client, http: httpx.AsyncClient, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    cancel = f"/threads/{thread_id}/runs/{run_id}/cancel"
    at_once = await http.post(cancel, params={"wait": "0"})
    assert (at_once.status_code, at_once.content) == (202, b"")

    async def over() -> bool:
        return await status_of(client, thread_id, run_id) == "interrupted"

    await until(over)
    second = await busy_run(client, thread_id)
    waited = await http.post(f"/threads/{thread_id}/runs/{second}/cancel", params={"wait": "1"})
    assert (waited.status_code, waited.json()) == (200, {})
    assert waited.headers["location"] == f"/threads/{thread_id}/runs/{second}/join"
    assert await status_of(client, thread_id, second) == "interrupted"


@pytest.mark.behaviour("threads.never-stuck-busy", "cancel.rollback")
async def test_a_rolled_back_run_is_gone_with_its_writes(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    before = await checkpoints(client, thread_id)
    run_id = await busy_run(client, thread_id)
    await client.runs.cancel(thread_id, run_id, wait=True, action="rollback")
    with pytest.raises(NotFoundError):
        await client.runs.get(thread_id, run_id)
    assert await checkpoints(client, thread_id) == before
    thread = await client.threads.get(thread_id)
    assert (thread["status"], thread["values"]["log"]) == ("idle", ["first", "second"])


@pytest.mark.behaviour("cancel.pending")
async def test_a_waiting_run_is_cancelled_without_having_run(client: Client, thread_id: str) -> None:
    first = await busy_run(client, thread_id)
    queued = await client.runs.create(thread_id, "echo", input={})
    await client.runs.cancel(thread_id, queued["run_id"], wait=True)
    assert await status_of(client, thread_id, queued["run_id"]) == "interrupted"
    assert await status_of(client, thread_id, first) == "running"
    await client.runs.cancel(thread_id, first, wait=True)
    assert (await client.threads.get_state(thread_id))["values"]["log"] == ["before"]


@pytest.mark.behaviour("cancel.nothing-to-cancel")
async def test_what_cannot_be_cancelled_is_said(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "echo", input={})
    (run,) = await client.runs.list(thread_id)
    with pytest.raises(NotFoundError, match="over already"):
        await client.runs.cancel(thread_id, run["run_id"])
    with pytest.raises(NotFoundError, match="No runs found"):
        await client.runs.cancel(thread_id, thread_id)
    wrong = await http.post(f"/threads/{thread_id}/runs/{run['run_id']}/cancel?action=explode")
    assert wrong.status_code == 422


@pytest.mark.behaviour("runs.wait.cancelled-has-values")
async def test_whoever_waits_for_a_cancelled_run_gets_its_last_values(client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    joined = asyncio.create_task(client.runs.join(thread_id, run_id))
    await client.runs.cancel(thread_id, run_id, wait=True)
    assert (await joined)["log"] == ["before"]


@pytest.mark.behaviour("runs.on-disconnect")
@pytest.mark.parametrize("verb", ["stream", "wait"])
async def test_hanging_up_cancels_only_on_request(
    client: Client, http: httpx.AsyncClient, thread_id: str, verb: str
) -> None:
    body = {"assistant_id": "slow", "input": {"seconds": LONG}, "stream_mode": "updates"}
    for on_disconnect, expected in (("cancel", "interrupted"), ("continue", "running")):
        answer = http.stream(
            "POST", f"/threads/{thread_id}/runs/{verb}", json=body | {"on_disconnect": on_disconnect}
        )
        async with answer as response:
            run_id = response.headers["content-location"].rpartition("/")[2]

            async def running(run_id: str = run_id) -> bool:
                return await status_of(client, thread_id, run_id) == "running"

            await until(running)

        async def as_expected(run_id: str = run_id, expected: str = expected) -> bool:
            return await status_of(client, thread_id, run_id) == expected

        await until(as_expected, patience=3)
    await client.runs.cancel(thread_id, run_id, wait=True)


@pytest.mark.behaviour("runs.cancel-on-disconnect")
async def test_leaving_a_joined_stream_cancels_on_request(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    run_id = await busy_run(client, thread_id)
    async with http.stream(
        "GET", f"/threads/{thread_id}/runs/{run_id}/stream", params={"cancel_on_disconnect": "1"}
    ) as response:
        assert response.status_code == 200

    async def cancelled() -> bool:
        return await status_of(client, thread_id, run_id) == "interrupted"

    await until(cancelled, patience=3)


async def test_a_note_that_is_none_of_ours_stops_no_heartbeat(
    stack: Stack, client: Client, http: httpx.AsyncClient
) -> None:
    with psycopg.connect(stack.database_url, autocommit=True) as anybody:
        anybody.execute("notify holdfast_cancel, 'x'")
        anybody.execute("notify holdfast_event, 'y z'")
    # Longer than a lease without a heartbeat would last.
    result: Any = await client.runs.wait(None, "slow", input={"seconds": 3})
    assert "__error__" not in result
    assert {worker["alive"] for worker in (await http.get("/holdfast/workers")).json()} == {True}
