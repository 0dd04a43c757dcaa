"""A refusal: what LangGraph raises over a wrong question, as an answer to the client."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from langgraph.errors import EmptyInputError, InvalidUpdateError

from holdfast_server.errors import ApiError, ThreadBusy


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Turns what LangGraph raises over a wrong question into an answer to the client."""
    try:
        yield
    except ThreadBusy as busy:
        raise ApiError(409, str(busy)) from None
    except (InvalidUpdateError, EmptyInputError, TypeError, ValueError, KeyError) as wrong:
        raise ApiError(400, f"{what} does not fit the graph: {type(wrong).__name__}: {wrong}") from None
