"""Asks a worker what only it can answer, about a graph or about long-term memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.api.backend import Backend
from holdfast_server.errors import ApiError
from holdfast_server.sealing.house import seal_text

# Below the 20 seconds after which no worker takes a question any more (take_ask.sql, take_open_ask.sql).
_LONGEST = 18.0


async def ask(backend: Backend, graph_id: str, verb: str, question: dict[str, Any]) -> str:
    """The answer of a graph as JSON text.

    Raises:
        ApiError: what the graph refused, 404 for an unknown graph, 422 for a broken one, 503 when no worker
            with this graph takes the question, or 504 when one did and does not answer.
    """

    async def put(ask_id: UUID) -> None:
        await _put(backend, ask_id, graph_id, verb, question)

    answer = await _answer(backend, put)
    if answer is None:
        raise ApiError(503, f"No worker with graph {graph_id!r} answers; start one, or see `holdfast doctor`")
    return answer


async def ask_any(backend: Backend, verb: str, question: dict[str, Any]) -> str:
    """The answer of any worker as JSON text.

    Raises:
        ApiError: what the worker refused, 503 when none takes the question (then nothing has happened), or
            504 when one did and does not answer.
    """

    async def put(ask_id: UUID) -> None:
        await backend.row(
            "put_open_ask", ask_id=ask_id, verb=verb, question=seal_text(wire.dumps_text(question))
        )

    answer = await _answer(backend, put)
    if answer is None:
        raise ApiError(503, "No worker answers; start one with `holdfast worker`, or see `holdfast doctor`")
    return answer


async def _answer(backend: Backend, put: Callable[[UUID], Awaitable[None]]) -> str | None:
    """The answer to what `put` asks, None when nobody has taken the question in time."""
    ask_id = uuid7()
    patience = min(backend.settings.ask_patience, _LONGEST)
    deadline = asyncio.get_running_loop().time() + patience
    with backend.hub.waiting(f"answer:{ask_id}") as news:
        await put(ask_id)
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                await asyncio.wait_for(news.wait(), left)
            except TimeoutError:
                break
            news.clear()
            if (answer := await _collected(backend, ask_id)) is not None:
                return answer
    if await backend.row("withdraw_ask", ask_id=ask_id):
        return None
    if (answer := await _collected(backend, ask_id)) is not None:
        return answer
    raise ApiError(504, f"A worker has not answered for {patience:g} s; look whether it did what you asked")


async def _collected(backend: Backend, ask_id: UUID) -> str | None:
    row = await backend.row("collect_answer", ask_id=ask_id)
    if row is None:
        return None
    if row["error"] is not None:
        raise ApiError(row["error"]["status"], row["error"]["detail"])
    return str(row["answer"])


async def _put(backend: Backend, ask_id: UUID, graph_id: str, verb: str, question: dict[str, Any]) -> None:
    row = await backend.row(
        "put_ask",
        ask_id=ask_id,
        graph_id=graph_id,
        verb=verb,
        question=seal_text(wire.dumps_text(question)),
    )
    if row is None:
        raise ApiError(404, f"The thread names graph {graph_id!r} in its metadata, which no worker serves")
    if row["error"] is not None:
        raise ApiError(422, f"Graph {graph_id!r} is broken: {row['error']}")
