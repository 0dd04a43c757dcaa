"""Questions to a person: one, two in a row from one node, and two at once."""

import asyncio
import operator
from typing import Annotated, Any, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt


class State(TypedDict, total=False):
    """The subject, and the answers as they came."""

    x: Any
    answers: Annotated[list[Any], operator.add]


async def prepare(state: State) -> State:
    return {"answers": []}


async def ask(state: State) -> State:
    return {"answers": [interrupt({"question": "ok?", "x": state.get("x")})]}


async def ask_two(state: State) -> State:
    return {"answers": [interrupt("one?"), interrupt("two?")]}


async def ask_left(state: State) -> State:
    return {"answers": [{"left": interrupt("left?")}]}


async def ask_right(state: State) -> State:
    return {"answers": [{"right": interrupt("right?")}]}


def make_graph() -> StateGraph[State]:
    """One question."""
    story = StateGraph(State)
    story.add_sequence([("prepare", prepare), ("ask", ask)])
    story.add_edge(START, "prepare")
    story.add_edge("ask", END)
    return story


twice = StateGraph(State)
twice.add_node("ask", ask_two)
twice.add_edge(START, "ask")

both = StateGraph(State)
both.add_node("left", ask_left)
both.add_node("right", ask_right)
both.add_edge(START, "left")
both.add_edge(START, "right")


async def wait(state: State) -> State:
    # As long as the first answer is "yes"; the test cancels it.
    await asyncio.sleep(30 if state["answers"][-1] == "yes" else 0)
    return {}


then_wait = StateGraph(State)
then_wait.add_sequence([("ask", ask), ("wait", wait)])
then_wait.add_edge(START, "ask")
