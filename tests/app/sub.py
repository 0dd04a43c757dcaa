"""A graph with two sub-graphs, the second of which asks a person."""

import operator
from typing import Annotated, Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import interrupt


class State(TypedDict, total=False):
    """Who ran, and the answer."""

    log: Annotated[list[str], operator.add]
    answer: Any


async def outer(state: State) -> State:
    return {"log": ["outer"]}


class Inside(TypedDict, total=False):
    """What the sub-graphs share with the graph around them."""

    answer: Any


async def inner(state: Inside) -> Inside:
    return {"answer": "none yet"}


async def question(state: Inside) -> Inside:
    return {"answer": interrupt("inside?")}


calm = StateGraph(Inside)
calm.add_node("inner", inner)
calm.add_edge(START, "inner")

asking = StateGraph(Inside)
asking.add_node("question", question)
asking.add_edge(START, "question")

story = StateGraph(State)
story.add_node("outer", outer)
story.add_node("calm", calm.compile())
story.add_node("asking", asking.compile())
story.add_edge(START, "outer")
story.add_edge("outer", "calm")
story.add_edge("calm", "asking")
graph = story.compile()
