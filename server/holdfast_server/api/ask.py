"""Asks a worker what only a graph can answer; the answer comes back through the database."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.api.backend import Backend
from holdfast_server.errors import ApiError

_PATIENCE = 15.0


async def ask(backend: Backend, graph_id: str, verb: str, question: dict[str, Any]) -> str:
    """The answer as JSON text.

    Raises:
        ApiError: what the graph refused, 404 for an unknown graph, 422 for a broken one, or 503 when no
            worker with this graph answers.
    """
    ask_id = uuid7()
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    with backend.hub.waiting(f"answer:{ask_id}") as news:
        await _put(backend, ask_id, graph_id, verb, question)
        while (left := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                await asyncio.wait_for(news.wait(), left)
            except TimeoutError:
                break
            news.clear()
            row = await backend.row("collect_answer", ask_id=ask_id)
            if row is None:
                continue
            if row["error"] is not None:
                raise ApiError(row["error"]["status"], row["error"]["detail"])
            return str(row["answer"])
    raise ApiError(503, f"No worker with graph {graph_id!r} answers; start one, or see `holdfast doctor`")


async def _put(backend: Backend, ask_id: UUID, graph_id: str, verb: str, question: dict[str, Any]) -> None:
    row = await backend.row(
        "put_ask",
        ask_id=ask_id,
        graph_id=graph_id,
        verb=verb,
        question=wire.dumps_text(question),
    )
    if row is None:
        raise ApiError(404, f"The thread names graph {graph_id!r} in its metadata, which no worker serves")
    if row["error"] is not None:
        raise ApiError(422, f"Graph {graph_id!r} is broken: {row['error']}")
