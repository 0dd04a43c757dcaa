"""Workers that freeze, hang, come back, or go down in order."""

from __future__ import annotations

import asyncio
import signal
import time

import httpx
from chaos.conftest import Chaos, Journal
from chaos.watch import owner, until

SHORT = {"HOLDFAST_LEASE": 2, "HOLDFAST_BEAT": 0.3}


async def test_a_zombie_worker_cannot_overwrite_the_new_owner(chaos: Chaos, journal: Journal) -> None:
    async with chaos(workers=2, **SHORT) as stack:
        client = stack.client()
        thread_id = (await client.threads.create())["thread_id"]
        run = await client.runs.create(thread_id, "hop", input={"goal": 12, "pause": 0.4, "trail": []})
        await until(lambda: len(journal.lines("step")) >= 2)
        zombie = await owner(stack, run["run_id"])
        zombie.pause()
        frozen_at = len(journal.lines("step"))
        await until(lambda: len(journal.lines("step")) >= frozen_at + 2)
        zombie.resume()
        result = await client.runs.join(thread_id, run["run_id"])
        history = await client.threads.get_history(thread_id, limit=100)
        stored = await client.runs.get(thread_id, run["run_id"])

    assert stored["status"] == "success"
    assert result["trail"] == list(range(12))
    # One line of history: nobody forked it, every superstep was written once.
    assert [(state["metadata"] or {})["step"] for state in history] == list(range(12, -2, -1))
    # A step that was sent twice around the freeze was sent under one key.
    assert len(set(journal.lines("step"))) == 12


async def test_a_tool_that_blocks_the_loop_for_longer_than_the_lease_runs_once(
    chaos: Chaos, journal: Journal
) -> None:
    async with chaos(workers=2, **SHORT) as stack:
        client = stack.client()
        thread_id = (await client.threads.create())["thread_id"]
        run = await client.runs.create(thread_id, "blocker", input={"seconds": 6})
        await until(lambda: len(journal.lines("block")) == 1)
        slowest = 0.0
        async with stack.http() as http:
            while (await client.runs.get(thread_id, run["run_id"]))["status"] in ("pending", "running"):
                started = time.perf_counter()
                assert (await http.get("/ok")).json()["ok"]
                slowest = max(slowest, time.perf_counter() - started)
                # The state of a thread whose worker is blocked can be read, too.
                state = await asyncio.wait_for(client.threads.get_state(thread_id), 5)
                assert state["next"] in (["block"], [])
                await asyncio.sleep(0.1)
        stored = await client.runs.get(thread_id, run["run_id"])

    assert stored["status"] == "success"
    assert journal.lines("block") == ["block"]
    assert slowest < 1.0


async def test_sigterm_drains_and_another_worker_goes_on(chaos: Chaos, journal: Journal) -> None:
    async with chaos(workers=2) as stack:
        client = stack.client()
        thread_id = (await client.threads.create())["thread_id"]
        run = await client.runs.create(thread_id, "hop", input={"goal": 6, "pause": 0.5, "trail": []})
        await until(lambda: len(journal.lines("step")) >= 2)
        leaver = await owner(stack, run["run_id"])
        code = await leaver.stop()
        result = await client.runs.join(thread_id, run["run_id"])

    assert code == 0
    assert result["trail"] == list(range(6))
    # Drained at a superstep's end: no step was begun twice.
    assert len(journal.lines("step")) == 6


async def test_a_run_of_a_frozen_worker_can_be_cancelled(chaos: Chaos, journal: Journal) -> None:
    async with chaos(workers=1, HOLDFAST_CANCEL_GRACE=1) as stack:
        client = stack.client()
        thread_id = (await client.threads.create())["thread_id"]
        run = await client.runs.create(thread_id, "hop", input={"goal": 50, "pause": 0.2, "trail": []})
        await until(lambda: len(journal.lines("step")) >= 1)
        stack.workers[0].pause()
        await asyncio.wait_for(client.runs.cancel(thread_id, run["run_id"], wait=True), 10)
        stored = await client.runs.get(thread_id, run["run_id"])
        thread = await client.threads.get(thread_id)
        stack.workers[0].resume()

    assert stored["status"] == "interrupted"
    assert thread["status"] == "interrupted"


async def test_the_api_can_be_killed_while_clients_wait(chaos: Chaos, journal: Journal) -> None:
    async with chaos(workers=1) as stack:
        client = stack.client()
        thread_id = (await client.threads.create())["thread_id"]
        run = await client.runs.create(thread_id, "hop", input={"goal": 4, "pause": 0.3, "trail": []})
        waiting = asyncio.create_task(client.runs.join(thread_id, run["run_id"]))
        await until(lambda: len(journal.lines("step")) >= 1)
        stack.api.signal(signal.SIGKILL)
        await stack.api.gone(5)
        stack.start_api()
        await stack.ready()
        try:
            result = await asyncio.wait_for(waiting, 20)
        except (httpx.HTTPError, ConnectionError):
            # The client's own reconnects may have been used up before the API was back.
            result = await client.runs.join(thread_id, run["run_id"])

    assert result["trail"] == [0, 1, 2, 3]
