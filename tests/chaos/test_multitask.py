"""The four multitask strategies, from two API processes at once and across a kill -9 of the worker."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from chaos.conftest import Journal
from chaos.watch import owner, until
from langgraph_sdk import get_client
from langgraph_sdk.errors import ConflictError, NotFoundError
from stack import Stack

Mortals = tuple[Stack, Journal]

LONG = {"goal": 3, "pause": 30.0, "trail": []}
SHORT = {"goal": 1, "pause": 0.0, "trail": []}


async def superseded(mortals: Mortals, thread_id: str, *, strategy: Any, dies: str) -> tuple[Any, Any]:
    """A run whose worker dies before or after another run takes its place, and that other run at its end."""
    stack, journal = mortals
    client: Any = stack.client()
    older = await client.runs.create(thread_id, "hop", input={**LONG, "goal": 9})
    await until(lambda: len(journal.lines("step")) == 3)
    victim = await owner(stack, older["run_id"])
    if dies == "before":
        victim.kill()
    else:
        victim.pause()
    newer = await client.runs.create(thread_id, "hop", input=SHORT, multitask_strategy=strategy)
    if dies == "after":
        victim.kill()
    await client.runs.join(thread_id, newer["run_id"])
    return older, newer


@pytest.mark.behaviour("multitask.two-api-processes")
async def test_runs_from_two_apis_stand_in_one_line(mortals: Mortals) -> None:
    stack, _ = mortals
    clients: list[Any] = [stack.client(), get_client(url=await stack.add_api(), api_key=None)]
    thread_id = (await clients[0].threads.create())["thread_id"]

    async def one(n: int) -> Any:
        return await clients[n % 2].runs.wait(
            thread_id, "hop", input={**SHORT, "trail": [n]}, multitask_strategy="enqueue"
        )

    results = await asyncio.gather(*(one(n) for n in range(12)))
    history: Any = await clients[1].threads.get_history(thread_id, limit=1000)
    runs = await clients[1].runs.list(thread_id, limit=100)

    assert {run["status"] for run in runs} == {"success"}
    assert len(runs) == len(results) == 12
    # Each run's checkpoints lie together: no run wrote between those of another.
    owners = [state["metadata"]["run_id"] for state in history]
    assert len([1 for a, b in pairwise(owners) if a != b]) == 11


@pytest.mark.behaviour("multitask.one-of-many")
async def test_of_many_that_reject_one_gets_the_thread(mortals: Mortals) -> None:
    stack, _ = mortals
    clients: list[Any] = [stack.client(), get_client(url=await stack.add_api(), api_key=None)]
    thread_id = (await clients[0].threads.create())["thread_id"]
    tries = [
        clients[n % 2].runs.create(thread_id, "hop", input=LONG, multitask_strategy="reject")
        for n in range(16)
    ]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    await clients[0].runs.cancel_many(status="all")

    assert len([o for o in outcomes if isinstance(o, ConflictError)]) == 15
    assert len([o for o in outcomes if isinstance(o, dict)]) == 1


@pytest.mark.behaviour("multitask.interrupt-outlives-worker")
@pytest.mark.parametrize("dies", ["before", "after"])
async def test_an_interrupted_run_keeps_its_steps_though_its_worker_dies(mortals: Mortals, dies: str) -> None:
    stack, _ = mortals
    client: Any = stack.client()
    thread_id = (await client.threads.create())["thread_id"]
    first = await client.runs.create(thread_id, "hop", input={"goal": 2, "pause": 0.0, "trail": []})
    await client.runs.join(thread_id, first["run_id"])
    second, third = await superseded(mortals, thread_id, strategy="interrupt", dies=dies)
    statuses = {run["run_id"]: run["status"] for run in await client.runs.list(thread_id)}
    thread = await client.threads.get(thread_id)

    assert statuses == {
        first["run_id"]: "success",
        second["run_id"]: "interrupted",
        third["run_id"]: "success",
    }
    assert thread["status"] == "idle"


@pytest.mark.behaviour("cancel.outlives-worker")
async def test_a_cancelled_run_shows_its_last_step_though_its_worker_dies(mortals: Mortals) -> None:
    stack, journal = mortals
    client: Any = stack.client()
    thread_id = (await client.threads.create())["thread_id"]
    run = await client.runs.create(thread_id, "hop", input={"goal": 9, "pause": 3.0, "trail": []})
    await until(lambda: len(journal.lines("step")) == 2)
    (await owner(stack, run["run_id"])).kill()
    await client.runs.cancel(thread_id, run["run_id"], wait=True)

    async def shown() -> bool:
        values = (await client.threads.get(thread_id))["values"]
        return values is not None and values["trail"] == [0]

    async with asyncio.timeout(10):
        while not await shown():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await client.threads.get(thread_id))["status"] == "interrupted"


@pytest.mark.behaviour("multitask.rollback-outlives-worker")
@pytest.mark.parametrize("dies", ["before", "after"])
async def test_a_rolled_back_run_leaves_nothing_though_its_worker_dies(mortals: Mortals, dies: str) -> None:
    stack, _ = mortals
    client: Any = stack.client()
    thread_id = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread_id, "hop", input={"goal": 2, "pause": 0.0, "trail": []})
    doomed, _ = await superseded(mortals, thread_id, strategy="rollback", dies=dies)
    with pytest.raises(NotFoundError):
        await client.runs.get(thread_id, doomed["run_id"])
    history: Any = await client.threads.get_history(thread_id, limit=1000)
    thread = await client.threads.get(thread_id)

    assert doomed["run_id"] not in {state["metadata"]["run_id"] for state in history}
    assert thread["status"] == "idle"
