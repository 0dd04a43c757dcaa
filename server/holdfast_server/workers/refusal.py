"""A refusal: what LangGraph raises over a wrong question, as an answer to the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from langgraph.errors import EmptyInputError, InvalidUpdateError

from holdfast_server.errors import ApiError, ThreadBusy
from holdfast_server.graphs.served import Graph


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turns what LangGraph raises over a wrong question into an answer to the client."""
    try:
        yield
    except ThreadBusy as busy:
        raise ApiError(409, str(busy)) from None
    except (InvalidUpdateError, EmptyInputError, TypeError, ValueError, KeyError) as wrong:
        raise ApiError(400, f"{what} does not fit the graph: {type(wrong).__name__}: {wrong}") from None


def no_such_node(name: str | None, graph: Graph) -> ApiError:
    """The answer to an edit in the name of a node that the graph has not."""
    return ApiError(400, f"Node {name} does not exist; the graph has {', '.join(sorted(graph.nodes))}")
