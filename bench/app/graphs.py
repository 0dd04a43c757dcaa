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


class Count(TypedDict, total=False):
    """How far we have counted, and something of constant size that is no number."""

    count: int
    goal: int
    note: dict[str, str]


def _counts() -> CompiledStateGraph[Any, Any, Any, Any]:
    async def count(state: Count) -> Count:
        counted = state.get("count", 0) + 1
        return {"count": counted, "note": {"last": f"counted {counted:06}"}}

    def onwards(state: Count) -> str:
        return "count" if state["count"] < state["goal"] else END

    graph = StateGraph(Count).add_node("count", count).add_edge(START, "count")
    return graph.add_conditional_edges("count", onwards).compile()


trivial = _loop()
counts = _counts()
waits = _wait()
