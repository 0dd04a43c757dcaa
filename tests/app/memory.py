"""Uses long-term memory in every way a node can: async, sync, through a tool, in a sub-graph."""

from typing import Annotated, Any, TypedDict

from langchain_core.messages import AIMessage
from langchain_core.tools import tool
from langgraph.config import get_store
from langgraph.graph import START, StateGraph
from langgraph.prebuilt import InjectedStore, ToolNode
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore

SPACE = ("graphs", "memory")


class State(TypedDict, total=False):
    """Whose memory, what is new, and what was read."""

    user: str
    fact: Any
    seen: dict[str, Any]
    messages: list[Any]


async def by_runtime(state: State, runtime: Runtime) -> State:
    await runtime.store.aput((*SPACE, state["user"]), "runtime", {"fact": state["fact"]})
    return {}


def by_get_store(state: State) -> State:
    store = get_store()
    store.put((*SPACE, state["user"]), "sync", {"fact": state["fact"]})
    return {"messages": [AIMessage("", tool_calls=[{"name": "remember", "args": state["fact"], "id": "c1"}])]}


@tool
async def remember(user: str, text: str, store: Annotated[BaseStore, InjectedStore()]) -> str:
    """Remembers a text."""
    await store.aput((*SPACE, user), "tool", {"text": text})
    return "remembered"


async def inside(state: State) -> State:
    await get_store().aput((*SPACE, state["user"]), "subgraph", {"fact": state["fact"]})
    return {}


async def look(state: State) -> State:
    items = await get_store().asearch((*SPACE, state["user"]), limit=50)
    return {"seen": {item.key: item.value for item in items}}


sub = StateGraph(State)
sub.add_node("inside", inside)
sub.add_edge(START, "inside")

story = StateGraph(State)
story.add_sequence(
    [
        ("by_runtime", by_runtime),
        ("by_get_store", by_get_store),
        ("tools", ToolNode([remember])),
        ("sub", sub.compile()),
        ("look", look),
    ]
)
story.add_edge(START, "by_runtime")
graph = story.compile()


async def which(state: State) -> State:
    return {"seen": {"store": type(get_store()).__name__}}


own = StateGraph(State)
own.add_node("which", which)
own.add_edge(START, "which")
own_store = own.compile(store=InMemoryStore())
