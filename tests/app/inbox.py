"""Asks in the form that Agent Inbox reads, and keeps the answer it sends."""

from typing import Any, TypedDict

from langgraph.graph import START, StateGraph
from langgraph.types import interrupt


class State(TypedDict, total=False):
    """The mail to answer, and what the person said."""

    mail: str
    answer: Any


async def ask(state: State) -> State:
    request = {
        "action_request": {"action": "reply", "args": {"mail": state.get("mail")}},
        "config": {
            "allow_accept": True, "allow_edit": True, "allow_respond": True, "allow_ignore": True,
        },
        "description": "Shall this mail be answered?",
    }  # fmt: skip
    return {"answer": interrupt([request])}


graph = StateGraph(State)
graph.add_node("ask", ask)
graph.add_edge(START, "ask")
