"""A tool that blocks the event loop, as badly written ones do."""

import time
from typing import TypedDict

from journal import note
from langgraph.graph import START, StateGraph


class Block(TypedDict):
    """For how long."""

    seconds: float
    done: bool


async def block(state: Block) -> dict[str, bool]:
    """Holds the loop without giving it back."""
    note("block")
    time.sleep(state["seconds"])  # noqa: ASYNC251
    return {"done": True}


graph = StateGraph(Block).add_node("block", block).add_edge(START, "block")
