"""A graph of the default pool."""

from __future__ import annotations

from langgraph.graph import START, StateGraph
from pools_app.sight import Seen, look

graph = StateGraph(Seen).add_node(look).add_edge(START, "look").compile()
