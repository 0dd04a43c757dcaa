"""Two nodes that say that they ran; any `x` goes through untouched."""

import operator
from typing import Annotated, Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph


class State(TypedDict, total=False):
    """What goes through."""

    x: Any
    log: Annotated[list[str], operator.add]
    config: dict[str, Any]


async def first(state: State, config: RunnableConfig) -> State:
    get_stream_writer()({"progress": 1})
    seen = {
        k: v for k, v in config["configurable"].items() if not k.startswith("__") and k != "checkpoint_map"
    }
    return {"log": ["first"], "config": {"configurable": seen, "tags": config.get("tags") or []}}


async def second(state: State) -> State:
    return {"log": ["second"]}


story = StateGraph(State)
story.add_node("first", first)
story.add_node("second", second)
story.add_edge(START, "first")
story.add_edge("first", "second")
story.add_edge("second", END)
graph = story.compile()
