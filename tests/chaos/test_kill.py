"""kill -9 at ten points of a run: it goes on from its last superstep; nothing is lost or repeated."""

from __future__ import annotations

import time
from typing import Any

import pytest
from chaos.conftest import Chaos, Journal
from chaos.watch import owner, until
from stack import Stack

POINTS = [
    "thinking-after-0",
    "thought-after-0",
    "before-sweep-hall",
    "after-sweep-hall",
    "before-sweep-loft",
    "after-sweep-loft",
    "thinking-after-2",
    "thought-after-2",
    "thinking-after-3",
    "thought-after-3",
]
UNKNOWN = ["before-pay", "after-pay"]
CHORES: dict[str, Any] = {"messages": [{"role": "user", "content": "do the chores"}]}


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_run_goes_on_and_repeats_nothing(mortals: tuple[Stack, Journal], point: str) -> None:
    stack, journal = mortals
    journal.order_death(point)
    client = stack.client()
    thread = await client.threads.create()
    result: Any = await client.runs.wait(thread["thread_id"], "chores", input=CHORES)
    runs = await client.runs.list(thread["thread_id"])

    assert journal.was_obeyed
    assert result["messages"][-1]["content"] == "all done"
    assert [run["status"] for run in runs] == ["success"]
    assert len(journal.lines("pay")) == 1
    for room in ("hall", "loft"):
        # An idempotent call may be sent twice around a crash, but only ever under one key.
        assert len(set(journal.lines(f"sweep {room}"))) == 1


@pytest.mark.parametrize("point", UNKNOWN)
async def test_a_payment_of_unknown_outcome_is_never_sent_again_but_asked_about(
    mortals: tuple[Stack, Journal], point: str
) -> None:
    stack, journal = mortals
    journal.order_death(point)
    client = stack.client()
    thread_id = (await client.threads.create())["thread_id"]
    asked: Any = await client.runs.wait(thread_id, "chores", input=CHORES)
    [question] = asked["__interrupt__"]
    paid_before = len(journal.lines("pay"))
    answer = {"type": "done", "message": "the bank says it is paid"}
    result: Any = await client.runs.wait(thread_id, "chores", command={"resume": {question["id"]: answer}})

    assert question["value"]["type"] == "unknown_outcome"
    assert result["messages"][-1]["content"] == "all done"
    assert len(journal.lines("pay")) == paid_before == (1 if point == "after-pay" else 0)


async def test_a_killed_worker_is_replaced_within_five_seconds(mortals: tuple[Stack, Journal]) -> None:
    stack, journal = mortals
    await stack.ready()
    client = stack.client()
    thread_id = (await client.threads.create())["thread_id"]
    run = await client.runs.create(thread_id, "hop", input={"goal": 2, "pause": 1.0, "trail": []})
    await until(lambda: len(journal.lines("step")) == 1)
    victim = await owner(stack, run["run_id"])
    killed = time.monotonic()
    victim.kill()
    await until(lambda: len(journal.lines("step")) == 2)
    recovery = time.monotonic() - killed
    result = await client.runs.join(thread_id, run["run_id"])

    assert result["trail"] == [0, 1]
    assert recovery < 5.0


async def test_results_outlive_a_stop_and_a_start_of_everything(chaos: Chaos) -> None:
    async with chaos() as stack:
        client = stack.client()
        thread_id = (await client.threads.create())["thread_id"]
        before: Any = await client.runs.wait(thread_id, "chores", input=CHORES)
        history = await client.threads.get_history(thread_id, limit=50)
    async with chaos() as stack:
        client = stack.client()
        thread = await client.threads.get(thread_id)
        state = await client.threads.get_state(thread_id)
        assert await client.threads.get_history(thread_id, limit=50) == history

    assert thread["values"] == state["values"] == before
    assert state["next"] == []
