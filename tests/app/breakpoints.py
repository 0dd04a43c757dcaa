"""Three nodes with a breakpoint of its own in front of the third."""

import operator
from typing import Annotated, TypedDict

from langgraph.graph import START, StateGraph


class State(TypedDict, total=False):
    """Who ran."""

    log: Annotated[list[str], operator.add]


async def one(state: State) -> State:
    return {"log": ["one"]}


async def two(state: State) -> State:
    return {"log": ["two"]}


async def three(state: State) -> State:
    return {"log": ["three"]}


story = StateGraph(State)
story.add_sequence([("one", one), ("two", two), ("three", three)])
story.add_edge(START, "one")
graph = story.compile(interrupt_before=["three"])
