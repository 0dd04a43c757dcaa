"""What graphs take, as their workers published it: the API knows graphs from the database only."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from holdfast_server.api.backend import Backend

Schema = dict[str, Any]


async def input_schemas(backend: Backend, graph_ids: Collection[str]) -> dict[str, Schema | None]:
    """The JSON schema of the input of each graph; None where it cannot be expressed."""
    rows = await backend.rows("list_schemas", {"graph_ids": list(graph_ids)})
    return {row["graph_id"]: (row["schemas"] or {}).get("input_schema") for row in rows}


async def input_schema_of(backend: Backend, graph_id: str) -> Schema | None:
    """The JSON schema of a graph's input; None when it cannot be expressed."""
    return (await input_schemas(backend, [graph_id])).get(graph_id)
