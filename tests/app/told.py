"""Says what its configurable holds."""

from typing import Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph


class State(TypedDict):
    told: dict[str, Any]


def tell(state: State, config: RunnableConfig) -> State:
    return {"told": {k: v for k, v in config["configurable"].items() if not k.startswith("__")}}


graph = StateGraph(State).add_node("tell", tell).add_edge(START, "tell").compile()
