"""An async factory: the graph is made anew for each run, from its config and the environment."""

import os
from typing import TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph


class State(TypedDict, total=False):
    """What the factory knew when it made the graph."""

    flavour: str
    spice: str


async def make_graph(config: RunnableConfig) -> StateGraph[State]:
    """A graph that tells its flavour."""
    flavour = config.get("configurable", {}).get("flavour", "plain")

    async def tell(state: State) -> State:
        return {"flavour": flavour, "spice": os.environ["TEST_APP_SPICE"]}

    story = StateGraph(State)
    story.add_node("tell", tell)
    story.add_edge(START, "tell")
    return story
