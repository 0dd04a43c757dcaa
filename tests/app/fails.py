"""Raises in its second node, unless it is told to be `calm` or to `leave`."""

import operator
import sys
from typing import Annotated, TypedDict

from langgraph.graph import START, StateGraph


class State(TypedDict, total=False):
    """Whether to fail, with which words, and who ran."""

    calm: bool
    leave: bool
    words: str
    log: Annotated[list[str], operator.add]


async def fine(state: State) -> State:
    return {"log": ["fine"]}


async def boom(state: State) -> State:
    if state.get("leave"):
        sys.exit(3)
    if not state.get("calm"):
        raise ValueError(state.get("words", "boom from node"))
    return {"log": ["calm"]}


graph = StateGraph(State)
graph.add_sequence([("fine", fine), ("boom", boom)])
graph.add_edge(START, "fine")
