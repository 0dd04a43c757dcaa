"""Finds by meaning what it was told."""

from typing import Any, TypedDict

from langgraph.config import get_store
from langgraph.graph import START, StateGraph


class State(TypedDict, total=False):
    """What to remember, what to look for, what was found."""

    space: str
    told: list[str]
    query: str
    found: list[Any]


async def tell(state: State) -> State:
    for n, text in enumerate(state.get("told", [])):
        await get_store().aput((state["space"],), str(n), {"text": text})
    return {}


async def find(state: State) -> State:
    items = await get_store().asearch((state["space"],), query=state["query"], limit=1)
    return {"found": [item.value["text"] for item in items]}


graph = StateGraph(State)
graph.add_sequence([tell, find])
graph.add_edge(START, "tell")
