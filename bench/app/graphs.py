"""The graphs that are timed: two nodes that do nothing, and one step that takes a while."""

import asyncio
import operator
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph


class Trail(TypedDict, total=False):
    """Where we have been, and how far to go."""

    trail: Annotated[list[str], operator.add]
    goal: int
    seconds: float


def _loop() -> CompiledStateGraph[Any, Any, Any, Any]:
    async def first(state: Trail) -> dict[str, list[str]]:
        return {"trail": ["first"]}

    async def second(state: Trail) -> dict[str, list[str]]:
        return {"trail": ["second"]}

    def onwards(state: Trail) -> str:
        return "first" if len(state["trail"]) < state.get("goal", 2) else END

    graph = StateGraph(Trail).add_node("first", first).add_node("second", second)
    graph.add_edge(START, "first").add_edge("first", "second").add_conditional_edges("second", onwards)
    return graph.compile()


def _wait() -> CompiledStateGraph[Any, Any, Any, Any]:
    async def wait(state: Trail) -> dict[str, list[str]]:
        await asyncio.sleep(state["seconds"])
        return {"trail": ["waited"]}

    return StateGraph(Trail).add_node("wait", wait).add_edge(START, "wait").compile()


trivial = _loop()
waits = _wait()
