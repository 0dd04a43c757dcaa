"""Sleeps in the middle: `seconds` long, `blocking` the event loop when asked."""

import asyncio
import operator
import time
from typing import Annotated, TypedDict

from langgraph.graph import START, StateGraph


class State(TypedDict, total=False):
    """How long to sleep, and who ran."""

    seconds: float
    blocking: bool
    log: Annotated[list[str], operator.add]


async def before(state: State) -> State:
    return {"log": ["before"]}


async def sleep(state: State) -> State:
    if state.get("blocking"):
        time.sleep(state.get("seconds", 1.0))  # noqa: ASYNC251
    else:
        await asyncio.sleep(state.get("seconds", 1.0))
    return {"log": ["slept"]}


async def after(state: State) -> State:
    return {"log": ["after"]}


graph = StateGraph(State)
graph.add_sequence([("before", before), ("sleep", sleep), ("after", after)])
graph.add_edge(START, "before")
