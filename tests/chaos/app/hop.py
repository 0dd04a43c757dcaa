"""A long run of small steps, each noted outside with its own key, through the effect ledger."""

import asyncio
import operator
from typing import Annotated, TypedDict

from journal import note
from langgraph.graph import START, StateGraph
from langgraph.runtime import get_runtime

from holdfast_tools import CallScope, Gateway, Policy, ToolCall, current_call, tool


class Hops(TypedDict):
    """How far to go and where we have been."""

    goal: int
    pause: float
    trail: Annotated[list[int], operator.add]


@tool(effect="idempotent")
async def step(name: str, number: int) -> str:
    """Take a step."""
    note(f"step {name} {number} {current_call().idempotency_key}")
    return "ok"


gateway = Gateway([step], policy=Policy())


async def hop(state: Hops) -> dict[str, list[int]]:
    """One step of the way."""
    here = len(state["trail"])
    info = get_runtime().execution_info
    assert info is not None
    scope = CallScope(str(info.thread_id), info.task_id)
    await gateway.run(ToolCall("hop", "step", {"name": str(info.thread_id), "number": here}), scope=scope)
    await asyncio.sleep(state["pause"])
    return {"trail": [here]}


def onwards(state: Hops) -> str:
    """On until the goal."""
    return "hop" if len(state["trail"]) < state["goal"] else "__end__"


graph = StateGraph(Hops).add_node("hop", hop).add_edge(START, "hop").add_conditional_edges("hop", onwards)
