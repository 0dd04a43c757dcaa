"""Checkpoints under seal: nothing readable, nothing lost, and threads from before sealing go on."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.graph import START, StateGraph
from pydantic import BaseModel
from readable import readable

from holdfast_server.db.pool import Pool
from holdfast_server.sealing.errors import UnknownKey
from holdfast_server.sealing.house import sealing_with
from holdfast_server.sealing.key import Key
from holdfast_server.sealing.sealer import Sealer
from holdfast_server.supervision.saver import FencedSaver

KEY = Key.of(bytes(32))
SEALER = Sealer(KEY)
WORD = "swordfish"


class Fish(BaseModel):
    """A type of the graph's own."""

    name: str


class State(TypedDict, total=False):
    """Scalars of all kinds, one of which no node touches again."""

    kept: str
    number: float
    flag: bool
    nothing: None
    fish: Fish
    log: Annotated[list[str], operator.add]


async def write(state: State) -> State:
    return {"log": [WORD], "number": 4711.25, "flag": True, "fish": Fish(name=WORD)}


GRAPH = StateGraph(State).add_node("write", write).add_edge(START, "write").compile()


@pytest.fixture
def sealed() -> Iterator[None]:
    with sealing_with(SEALER):
        yield


def saver_of(pool: Pool) -> FencedSaver:
    """As LangGraph clones it for a graph with types of its own."""
    clone = FencedSaver(pool).with_allowlist({(Fish.__module__, "Fish")})
    assert isinstance(clone, FencedSaver)
    return clone


def config_of(thread_id: str, **configurable: Any) -> Any:
    return {"configurable": {"thread_id": thread_id, **configurable}}


async def ran(pool: Pool, value: State | None, thread_id: str = "t") -> Any:
    graph, config = GRAPH.copy({"checkpointer": saver_of(pool)}), config_of(thread_id, team=WORD)
    await graph.ainvoke(value, config, durability="sync")
    return await GRAPH.copy({"checkpointer": saver_of(pool)}).aget_state(config)


async def test_nothing_of_a_state_is_readable_and_all_of_it_comes_back(
    pool: Pool, database: str, sealed: None
) -> None:
    state = await ran(pool, {"kept": WORD, "nothing": None})
    written = {"number": 4711.25, "flag": True, "fish": Fish(name=WORD), "log": [WORD]}
    assert state.values == {"kept": WORD, "nothing": None, **written}
    assert readable(database, [WORD, "4711.25"]) == []
    with sealing_with(Sealer()):
        await ran(pool, {"kept": WORD}, "another")
    where = {found.partition(":")[0] for found in readable(database, [WORD])}
    assert where == {"checkpoints", "checkpoint_blobs", "checkpoint_writes"}


async def test_metadata_comes_back_as_it_was(pool: Pool, sealed: None) -> None:
    sealed_state = await ran(pool, {"kept": WORD})
    with sealing_with(Sealer()):
        plain = await ran(pool, {"kept": WORD}, "another")
    assert sealed_state.metadata == plain.metadata
    assert sealed_state.metadata["team"] == WORD


async def test_a_thread_from_before_sealing_goes_on_with_scalars_that_nobody_touched(pool: Pool) -> None:
    await ran(pool, {"kept": WORD, "flag": False})
    with sealing_with(SEALER):
        state = await ran(pool, {"number": 1.0})
        assert (state.values["kept"], state.values["log"]) == (WORD, [WORD, WORD])
    with sealing_with(Sealer(None, [KEY])):
        state = await ran(pool, {"number": 2.0})
        assert (state.values["kept"], len(state.values["log"])) == (WORD, 3)


async def test_history_is_found_by_sealed_metadata(pool: Pool, sealed: None) -> None:
    await ran(pool, {"kept": "a"})
    saver = FencedSaver(pool)
    where = config_of("t")
    found = [one async for one in saver.alist(where, filter={"team": WORD, "source": "loop"})]
    assert [one.metadata["step"] for one in found] == [1, 0]
    assert [one async for one in saver.alist(where, filter={"team": "another"})] == []
    first = [one async for one in saver.alist(where, filter={"team": WORD}, limit=1)]
    assert [one.metadata["step"] for one in first] == [1]
    older = [one async for one in saver.alist(where, filter={"team": WORD}, before=first[0].config)]
    assert [one.metadata["step"] for one in older] == [0, -1]


async def test_another_key_opens_nothing_and_says_which_it_lacks(pool: Pool, sealed: None) -> None:
    await ran(pool, {"kept": WORD})
    with sealing_with(Sealer(Key.of(bytes(31) + b"x"))), pytest.raises(UnknownKey, match=str(SEALER.key_id)):
        await FencedSaver(pool).aget_tuple(config_of("t"))
