"""Which assistant a client means: by its id, or by the name of a graph."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.access.gatekeeper import Action
from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend
from holdfast_server.errors import ApiError
from holdfast_server.runs.assistant import default_assistant_id

_SYSTEM = wire.dumps_text({"created_by": "system"})


async def resolve(backend: Backend, name: str) -> DictRow:
    """The assistant of this id, or the default one of the graph of this name, ready to run.

    Raises:
        ApiError: 404 for an unknown id, 422 for an unknown or broken graph.
    """
    row = await _find(backend, name)
    if row is None:
        raise await _unknown(backend, name)
    if row["graph_error"]:
        raise ApiError(422, f"Graph {row['graph_id']!r} is broken: {row['graph_error']}")
    return row


async def _find(
    backend: Backend, name: str, action: Action = "read", value: dict[str, Any] | None = None
) -> DictRow | None:
    try:
        assistant_id = UUID(name)
    except ValueError:
        assistant_id = default_assistant_id(name)
    value = {} if value is None else value
    value["assistant_id"] = assistant_id
    visible = await backend.allow("assistants", action, value)
    return await backend.row("find_assistant", assistant_id=assistant_id, visible=readable(visible, action))


def readable(visible: Visible, action: Action) -> Visible:
    """Everybody may see and run the default assistants: they belong to the application, not to a user."""
    return visible if visible is None or action not in ("read", "search") else [*visible, _SYSTEM]


async def _unknown(backend: Backend, name: str) -> ApiError:
    try:
        UUID(name)
    except ValueError:
        graphs = await backend.rows("list_graphs", {})
        broken = {g["graph_id"]: g["error"] for g in graphs if g["error"]}
        if name in broken:
            return ApiError(422, f"Graph {name!r} is broken: {broken[name]}")
        if any(name == g["graph_id"] for g in graphs):
            again = "it comes back when a worker starts"
            return ApiError(422, f"The default assistant of graph {name!r} was deleted; {again}")
        known = [g["graph_id"] for g in graphs if not g["error"]]
        return ApiError(422, f"Invalid assistant: {name!r}. Must be a UUID or one of the graphs {known}")
    return ApiError(404, f"Assistant {name} not found")


async def existing_assistant(
    backend: Backend, name: str, action: Action = "read", value: dict[str, Any] | None = None
) -> DictRow:
    """The assistant, if the caller may do this with it.

    Raises:
        ApiError: 404.
    """
    row = await _find(backend, name, action, value)
    if row is None:
        raise ApiError(404, f"Assistant {name} not found")
    return row
