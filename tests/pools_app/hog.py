"""Graphs that eat memory, at once or little by little, and one that lives beside them."""

from __future__ import annotations

import asyncio
import time
from typing import Any, TypedDict

from langgraph.graph import START, StateGraph

MB = 1_000_000
hoard: list[bytearray] = []


class Meal(TypedDict, total=False):
    at_once: int
    bites: int
    rests: int
    rested: int
    result: Any


def eat(state: Meal) -> Meal:
    """Takes what is asked for, and keeps it."""
    if at_once := state.get("at_once"):
        hoard.append(bytearray(at_once * MB))
    for _ in range(state.get("bites", 0)):
        hoard.append(bytearray(b"x") * (20 * MB))
        time.sleep(0.02)
    return {"result": len(hoard)}


async def rest(state: Meal) -> Meal:
    """One quiet superstep."""
    await asyncio.sleep(0.1)
    return {"rested": state.get("rested", 0) + 1}


def again(state: Meal) -> str:
    """Until it has rested enough."""
    return "rest" if state["rested"] < state["rests"] else "__end__"


graph = StateGraph(Meal).add_node(eat).add_edge(START, "eat").compile()
neighbour = (
    StateGraph(Meal).add_node(rest).add_edge(START, "rest").add_conditional_edges("rest", again).compile()
)
