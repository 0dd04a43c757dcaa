"""How threads begin: with how long they live, and with the supersteps of another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server.api.ask import ask
from holdfast_server.api.backend import Backend
from holdfast_server.api.body import storable
from holdfast_server.api.lifetime_bodies import SuperstepBody, ThreadTtl
from holdfast_server.errors import ApiError


def ttl_params(ttl: ThreadTtl | None) -> dict[str, Any]:
    """A time to live under the names that the statements use; none leaves it to langgraph.json."""
    return {"ttl_strategy": ttl.strategy if ttl else None, "ttl_minutes": ttl.ttl if ttl else None}


def shown_ttl(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """How long a thread lives; `expires_at` is null when it was reduced and nobody has used it since."""
    if row["ttl_minutes"] is None:
        return None
    names = {"strategy": "ttl_strategy", "ttl_minutes": "ttl_minutes", "expires_at": "expires_at"}
    return {shown: row[name] for shown, name in names.items()}


async def begin(
    backend: Backend,
    thread_id: UUID,
    metadata: Mapping[str, Any],
    ttl: ThreadTtl | None,
    supersteps: list[SuperstepBody],
) -> DictRow:
    """Creates a thread that has gone through these supersteps, or none.

    Raises:
        ApiError: 4xx when it exists or the graph refuses a superstep; then nothing was created.
    """
    graph_id = metadata.get("graph_id")
    if not isinstance(graph_id, str):
        raise ApiError(422, "supersteps need the graph that they are of; set metadata.graph_id")
    question = {
        "thread_id": str(thread_id),
        "tenant": backend.caller.tenant,
        "metadata": dict(metadata),
        **ttl_params(ttl),
        "supersteps": [step.model_dump()["updates"] for step in supersteps],
    }
    await ask(backend, graph_id, "begin", storable("supersteps", question))
    row = await backend.row("find_thread", thread_id=thread_id, visible=None)
    if row is None:
        raise ApiError(404, f"Thread with ID {thread_id} was deleted while it was created")
    return row
