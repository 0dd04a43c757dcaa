"""Tells the database what this worker's graphs look like, so that the API needs none of their code."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from holdfast_server import wire
from holdfast_server.db.pool import Connections
from holdfast_server.db.statements import statement
from holdfast_server.graphs.description import describe
from holdfast_server.graphs.loader import LoadedGraphs
from holdfast_server.runs.assistant import default_assistant_id
from holdfast_server.sealing.house import seal_text

logger = logging.getLogger(__name__)


async def publish(pool: Connections, loaded: LoadedGraphs) -> None:
    """Writes description or error of each graph, and its default assistant."""
    for graph_id, served in loaded.graphs.items():
        try:
            found = await describe(served)
        except Exception:
            # It may still run: drawing a graph asks more of it than running does.
            logger.warning("graph %s cannot be described", graph_id, exc_info=True)
            found = {}
        await _write(pool, graph_id, served.description, found, None)
    for graph_id, failure in loaded.failures.items():
        await _write(pool, graph_id, None, {}, str(failure))


async def _write(
    pool: Connections, graph_id: str, text: str | None, found: Mapping[str, object], error: str | None
) -> None:
    params = {
        "graph_id": graph_id,
        "description": text,
        "schemas": wire.dumps_text(found["schemas"]) if found.get("schemas") else None,
        "drawing": wire.dumps_text(found["drawing"]) if found.get("drawing") else None,
        "subgraphs": wire.dumps_text(found.get("subgraphs") or {}),
        "error": seal_text(error),
        "assistant_id": default_assistant_id(graph_id),
    }
    async with pool.connection() as conn:
        await conn.execute(statement("publish_graph"), params)
