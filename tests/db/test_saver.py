"""The fenced saver keeps what graphs write, whatever they write and whoever clones it."""

from __future__ import annotations

import asyncio
import contextlib
import operator
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send, interrupt

from holdfast_server.db.pool import Pool
from holdfast_server.supervision.saver import FencedSaver


class State(TypedDict, total=False):
    """A value of any kind and a log."""

    value: Any
    log: Annotated[list[str], operator.add]


CONFIG: Any = {"configurable": {"thread_id": "t"}}


def graph_that_writes(value: Any) -> Any:
    async def write(state: State) -> dict[str, Any]:
        return {"value": value, "log": ["written"]}

    async def after(state: State) -> dict[str, Any]:
        return {"log": ["after"]}

    graph = StateGraph(State).add_node("write", write).add_node("after", after)
    return graph.add_edge(START, "write").add_edge("write", "after").compile()


STRANGE = {
    "nul": "a\x00b",
    "infinity": float("inf"),
    "10 MB": "x" * 10_000_000,
    "max int": 2**63 - 1,
    "min int": -(2**63),
    "bytes": b"\x00\xff",
    "nul inside": {"a\x00": "\x00"},
    "unicode": "ünïcödé",
}


@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE.keys())
async def test_a_strange_value_survives_a_superstep_and_a_reload(pool: Pool, value: Any) -> None:
    graph = graph_that_writes(value)
    await graph.copy({"checkpointer": FencedSaver(pool)}).ainvoke({}, CONFIG, durability="sync")
    state = await graph.copy({"checkpointer": FencedSaver(pool)}).aget_state(CONFIG)
    assert state.values == {"value": value, "log": ["written", "after"]}


@pytest.mark.parametrize("value", [2**80, object(), "\ud800"], ids=["huge int", "object", "surrogate"])
async def test_a_value_that_cannot_be_stored_does_not_wedge_the_thread(pool: Pool, value: Any) -> None:
    bad = graph_that_writes(value).copy({"checkpointer": FencedSaver(pool)})
    with contextlib.suppress(TypeError, ValueError):
        await bad.ainvoke({}, CONFIG, durability="sync")
    good = graph_that_writes("fine").copy({"checkpointer": FencedSaver(pool)})
    assert (await good.ainvoke({}, CONFIG, durability="sync"))["value"] == "fine"


async def test_finished_siblings_are_durable_while_another_still_runs(pool: Pool) -> None:
    go_on = asyncio.Event()

    async def quick(state: State) -> dict[str, Any]:
        return {"log": ["quick"]}

    async def slow(state: State) -> dict[str, Any]:
        await go_on.wait()
        return {"log": ["slow"]}

    graph = StateGraph(State).add_node("quick", quick).add_node("slow", slow)
    graph = graph.add_edge(START, "quick").add_edge(START, "slow")
    running = asyncio.create_task(
        graph.compile(checkpointer=FencedSaver(pool)).ainvoke({}, CONFIG, durability="sync")
    )
    channels: list[str] = []
    while "log" not in channels:
        async with pool.connection() as conn:
            rows = await (await conn.execute("select channel from checkpoint_writes")).fetchall()
        channels = [row["channel"] for row in rows]
    assert not running.done()
    go_on.set()
    assert sorted((await running)["log"]) == ["quick", "slow"]


async def test_one_superstep_is_one_commit(pool: Pool) -> None:
    """The checkpoint and the writes that led to it carry the same transaction id."""
    graph = graph_that_writes("x").copy({"checkpointer": FencedSaver(pool)})
    await graph.ainvoke({}, CONFIG, durability="sync")
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "select count(distinct xmin::text) as commits, count(*) as checkpoints from checkpoints"
        )
        told = await cursor.fetchone()
        cursor = await conn.execute(
            "select count(distinct w.xmin::text) as n from checkpoint_writes w"
            " where w.xmin::text not in (select xmin::text from checkpoints)"
        )
        alone = await cursor.fetchone()
    # The input and the step that spreads it share a commit: four checkpoints, three commits.
    assert told == {"commits": 3, "checkpoints": 4}
    assert alone == {"n": 0}


async def test_a_graph_with_sub_graphs_that_ask_shares_one_committer(pool: Pool) -> None:
    """In strict mode LangGraph clones the saver for each sub-graph."""

    async def ask(state: State) -> dict[str, Any]:
        return {"log": [interrupt("well?")]}

    async def spread(state: State) -> list[Send]:
        return [Send("inner", {"log": []}) for _ in range(3)]

    inner = StateGraph(State).add_node("ask", ask).add_edge(START, "ask").compile()
    outer = StateGraph(State).add_node("inner", inner).add_conditional_edges(START, spread, ["inner"])
    graph = outer.compile(checkpointer=FencedSaver(pool))
    await graph.ainvoke({}, CONFIG, durability="sync")
    pending = (await graph.aget_state(CONFIG)).interrupts

    again = outer.compile(checkpointer=FencedSaver(pool))
    result = await again.ainvoke(Command(resume={i.id: i.id for i in pending}), CONFIG, durability="sync")

    assert len(pending) == 3
    assert sorted(result["log"]) == sorted(i.id for i in pending)
