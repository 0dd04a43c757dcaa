"""A factory whose graph has another shape for another config, and whose context has defaults."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph_sdk.runtime import ServerRuntime


@dataclass
class Manners:
    """What a run may set and need not."""

    greeting: str = "hello"


class State(TypedDict, total=False):
    """What was said, and with which manners the factory made the graph."""

    said: str
    made_with: str


@asynccontextmanager
async def make_graph(
    config: RunnableConfig, runtime: ServerRuntime[Manners]
) -> AsyncIterator[StateGraph[State, Manners]]:
    """A graph of one node, named by the config."""
    running = runtime.execution_runtime
    made_with = running.context.greeting if running else "nobody runs it"

    async def speak(state: State, runtime: Runtime[Manners]) -> State:
        return {"said": runtime.context.greeting, "made_with": made_with}

    story = StateGraph(State, context_schema=Manners)
    name = config.get("configurable", {}).get("node", "plain")
    story.add_node(name, speak)
    story.add_edge(START, name)
    yield story
