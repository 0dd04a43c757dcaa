"""keep_latest: a thread reduced to its newest state goes on as if nothing had happened."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict
from uuid import UUID, uuid4

import pytest
from langgraph.channels import DeltaChannel
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt

from holdfast_server.db.pool import Pool
from holdfast_server.supervision.saver import FencedSaver


class State(TypedDict, total=False):
    """What everybody wrote; `big` is no scalar and lies in a blob."""

    log: Annotated[list[str], operator.add]
    big: dict[str, str]


def _says(word: str) -> Any:
    async def node(state: State) -> State:
        return {"log": [word], "big": {"said": word * 100}}

    return node


async def _asks(state: State) -> State:
    return {"log": [f"answer {interrupt('what?')}"]}


def _inner() -> StateGraph[State]:
    inner = StateGraph(State)
    inner.add_sequence([("in1", _says("in1")), ("ask", _asks), ("in2", _says("in2"))])
    inner.add_edge(START, "in1")
    return inner


class Counted(TypedDict, total=False):
    """How often the remembering sub-graph ran; only it writes here."""

    times: Annotated[list[str], operator.add]


async def _once_more(state: Counted) -> Counted:
    return {"times": ["x"]}


def make(saver: FencedSaver) -> Any:
    """A graph that remembers in a sub-graph, and asks in another."""
    counter = StateGraph(Counted)
    counter.add_node("once_more", _once_more)
    counter.add_edge(START, "once_more")
    remembering = counter.compile(checkpointer=True)

    async def remember(state: State) -> State:
        return {"log": [f"times {len((await remembering.ainvoke({'times': []}))['times'])}"]}

    story = StateGraph(State)
    story.add_sequence(
        [
            ("first", _says("first")),
            ("remember", remember),
            ("inner", _inner().compile()),
            ("last", _says("last")),
        ]
    )
    story.add_edge(START, "first")
    return story.compile(checkpointer=saver)


async def thread(pool: Pool, status: str = "idle") -> str:
    """A thread in the house."""
    thread_id = str(uuid4())
    async with pool.connection() as conn:
        await conn.execute("insert into thread (thread_id, status) values (%s, %s)", [thread_id, status])
    return thread_id


async def reduce(pool: Pool, thread_id: str) -> str:
    """Calls it."""
    async with pool.connection() as conn:
        row = await (await conn.execute("select keep_latest(%s) as verdict", [UUID(thread_id)])).fetchone()
    assert row is not None
    return str(row["verdict"])


async def stored(pool: Pool, thread_id: str) -> dict[str, int]:
    """How many rows it has."""
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "select (select count(*) from checkpoints where thread_id = %(t)s) as checkpoints,"
            " (select count(*) from checkpoint_blobs where thread_id = %(t)s) as blobs,"
            " (select count(*) from checkpoint_writes where thread_id = %(t)s) as writes",
            {"t": thread_id},
        )
        row = await cursor.fetchone()
    assert row is not None
    return dict(row)


async def namespaces(pool: Pool, thread_id: str) -> set[str]:
    """Whose checkpoints it has, without task ids."""
    async with pool.connection() as conn:
        cursor = await conn.execute("select checkpoint_ns from checkpoints where thread_id = %s", [thread_id])
        return {row["checkpoint_ns"].split(":")[0] for row in await cursor.fetchall()}


@pytest.mark.behaviour("threads.ttl-keep-latest")
async def test_a_reduced_thread_answers_its_open_question_inside_a_sub_graph(pool: Pool) -> None:
    plain, reduced = [await thread(pool) for _ in range(2)]
    ended = []
    for thread_id in (plain, reduced):
        config = {"configurable": {"thread_id": thread_id}}
        for answer in ("one", "two"):
            graph = make(FencedSaver(pool))
            await graph.ainvoke({"log": ["in"]}, config, durability="sync")
            if thread_id == reduced:
                before = await graph.aget_state(config, subgraphs=True)
                assert await reduce(pool, thread_id) == "pruned"
                after = await make(FencedSaver(pool)).aget_state(config, subgraphs=True)
                assert (after.values, after.next) == (before.values, before.next)
                assert after.tasks[0].state.values == before.tasks[0].state.values
                assert after.parent_config is None
            graph = make(FencedSaver(pool))
            ended.append(await graph.ainvoke(Command(resume=answer), config, durability="sync"))
    assert ended[:2] == ended[2:]
    assert ended[3]["log"][-1] == "last"
    assert "times 2" in ended[3]["log"]
    assert "answer two" in ended[3]["log"]


async def test_a_reduced_thread_has_one_checkpoint_of_its_graph_and_one_of_what_remembers(pool: Pool) -> None:
    thread_id = await thread(pool)
    config: Any = {"configurable": {"thread_id": thread_id}}
    for _ in range(3):
        await make(FencedSaver(pool)).ainvoke({"log": []}, config, durability="sync")
        await make(FencedSaver(pool)).ainvoke(Command(resume="yes"), config, durability="sync")
    state = await make(FencedSaver(pool)).aget_state(config)
    before = await stored(pool, thread_id)
    assert await reduce(pool, thread_id) == "pruned"
    after = await stored(pool, thread_id)
    assert before["checkpoints"] > 20
    assert await namespaces(pool, thread_id) == {"", "remember"}
    assert after["checkpoints"] == 2
    assert after["blobs"] < before["blobs"] / 3
    assert after["writes"] == 0
    assert (await make(FencedSaver(pool)).aget_state(config)).values == state.values
    assert await reduce(pool, thread_id) == "pruned"
    assert await stored(pool, thread_id) == after


async def test_a_busy_thread_is_left_alone(pool: Pool) -> None:
    thread_id = await thread(pool, "busy")
    config: Any = {"configurable": {"thread_id": thread_id}}
    await make(FencedSaver(pool)).ainvoke({"log": []}, config, durability="sync")
    before = await stored(pool, thread_id)
    assert await reduce(pool, thread_id) == "busy"
    assert await stored(pool, thread_id) == before


class Spread(TypedDict, total=False):
    """A list that lies in its history."""

    items: Annotated[list[str], DeltaChannel(lambda old, writes: [*old, *(x for w in writes for x in w)])]


async def test_a_thread_whose_state_is_spread_over_its_history_is_refused(pool: Pool) -> None:
    story = StateGraph(Spread)
    story.add_node("add", lambda state: {"items": ["more"]})
    story.add_edge(START, "add")
    graph = story.compile(checkpointer=FencedSaver(pool))
    thread_id = await thread(pool)
    config: Any = {"configurable": {"thread_id": thread_id}}
    for _ in range(3):
        await graph.ainvoke({"items": ["in"]}, config, durability="sync")
    before = await graph.aget_state(config)
    assert await reduce(pool, thread_id) == "delta"
    assert (await graph.aget_state(config)).values == before.values
    assert before.values["items"] == ["in", "more"] * 3
