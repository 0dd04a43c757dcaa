"""The default assistant of a graph and its id."""

from __future__ import annotations

from uuid import UUID, uuid5

# LangGraph's own namespace: clients compute the same id from the name of a graph.
_NAMESPACE = UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")


def default_assistant_id(graph_id: str) -> UUID:
    """The id of the assistant that every graph has by itself."""
    return uuid5(_NAMESPACE, graph_id)
