"""Streams `n` custom events as fast as it can, and says how long its node took."""

import asyncio
import time
from typing import TypedDict

from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph


class State(TypedDict, total=False):
    """How many, how long each, and the seconds it took."""

    n: int
    width: int
    seconds: float


async def pour(state: State) -> State:
    write, began = get_stream_writer(), time.monotonic()
    for number in range(state["n"]):
        write({"number": number, "text": "x" * state.get("width", 10)})
        if number % 100 == 0:
            await asyncio.sleep(0)
    return {"seconds": time.monotonic() - began}


graph = StateGraph(State)
graph.add_node("pour", pour)
graph.add_edge(START, "pour")
