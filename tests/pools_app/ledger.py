"""A graph of the pool `finance`."""

from __future__ import annotations

from langgraph.graph import START, StateGraph
from pools_app.sight import Seen, look

SECRET = "the-books-of-" + "finance"
graph = StateGraph(Seen).add_node(look).add_edge(START, "look").compile()
