"""Assistants: a graph with a configuration; every graph has one by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.access.gatekeeper import Action
from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.bodies import AssistantBody, AssistantPatch, AssistantSearch
from holdfast_server.api.body import body_of, storable, takes
from holdfast_server.api.configs import checked_config
from holdfast_server.api.reply import JsonReply, paged, selected
from holdfast_server.errors import ApiError
from holdfast_server.runs.assistant import default_assistant_id

router = APIRouter(prefix="/assistants", tags=["assistants"])
Wiring = Annotated[Backend, Depends(backend_of)]

_SYSTEM = wire.dumps_text({"created_by": "system"})
_SHOWN = (
    "assistant_id", "graph_id", "config", "context", "created_at", "updated_at", "metadata", "version",
    "name", "description",
)  # fmt: skip


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """An assistant as clients know it."""
    return {name: row[name] for name in _SHOWN}


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


async def _find(backend: Backend, name: str, action: Action = "read") -> DictRow | None:
    try:
        assistant_id = UUID(name)
    except ValueError:
        assistant_id = default_assistant_id(name)
    visible = await backend.allow("assistants", action, {"assistant_id": assistant_id})
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


async def _existing(backend: Backend, name: str, action: Action = "read") -> DictRow:
    row = await _find(backend, name, action)
    if row is None:
        raise ApiError(404, f"Assistant {name} not found")
    return row


@router.post("", openapi_extra=takes(AssistantBody))
async def create(wiring: Wiring, body: Annotated[AssistantBody, Depends(body_of(AssistantBody))]) -> Response:
    """Creates an assistant."""
    checked_config(body.config)
    graphs = [g["graph_id"] for g in await wiring.rows("list_graphs", {})]
    if body.graph_id not in graphs:
        raise ApiError(404, f"Graph {body.graph_id!r} not found. Expected one of: {graphs}")
    assistant_id = body.assistant_id or uuid7()
    value = body.model_dump() | {"assistant_id": assistant_id}
    await wiring.allow("assistants", "create", value)
    row = await wiring.row(
        "create_assistant",
        assistant_id=assistant_id,
        graph_id=body.graph_id,
        name=storable("name", body.name) or "Untitled",
        description=storable("description", body.description),
        config=wire.dumps_text(body.config),
        context=wire.dumps_text(storable("context", body.context)),
        metadata=wire.dumps_text(storable("metadata", value["metadata"])),
    )
    if row is None:
        if body.if_exists == "raise":
            raise ApiError(409, f"Assistant {assistant_id} already exists")
        row = await _existing(wiring, str(assistant_id))
    return JsonReply(shown(row))


@router.post("/search", openapi_extra=takes(AssistantSearch))
async def search(
    wiring: Wiring, body: Annotated[AssistantSearch, Depends(body_of(AssistantSearch))]
) -> Response:
    """Finds assistants by metadata, graph and name."""
    value = body.model_dump()
    visible = await wiring.allow("assistants", "search", value)
    params = body.model_dump() | {
        "visible": readable(visible, "search"),
        "metadata": wire.dumps_text(storable("metadata", value["metadata"])),
        "name": storable("name", body.name),
        "graph_id": storable("graph_id", body.graph_id),
    }
    rows = await wiring.rows("search_assistants", params)
    return paged(selected([shown(row) for row in rows], body.select), rows, body)


@router.get("/{assistant_id}")
async def get(wiring: Wiring, assistant_id: str) -> Response:
    """One assistant, by id or by the name of its graph."""
    return JsonReply(shown(await _existing(wiring, assistant_id)))


@router.patch("/{assistant_id}", openapi_extra=takes(AssistantPatch))
async def update(
    wiring: Wiring,
    assistant_id: str,
    body: Annotated[AssistantPatch, Depends(body_of(AssistantPatch))],
) -> Response:
    """Changes an assistant and counts its version up."""
    existing = await _existing(wiring, assistant_id, "update")
    checked_config(body.config or {})
    if body.graph_id is not None:
        await resolve(wiring, body.graph_id)
    row = await wiring.row(
        "update_assistant",
        assistant_id=existing["assistant_id"],
        graph_id=body.graph_id,
        name=storable("name", body.name),
        description=storable("description", body.description),
        config=_text("config", body.config),
        context=_text("context", body.context),
        metadata=_text("metadata", body.metadata),
    )
    return JsonReply(shown(row or existing))


@router.delete("/{assistant_id}", status_code=204)
async def delete(wiring: Wiring, assistant_id: str) -> Response:
    """Deletes an assistant; the default one of a graph comes back when a worker starts."""
    existing = await _existing(wiring, assistant_id, "delete")
    await wiring.row("delete_assistant", assistant_id=existing["assistant_id"])
    return Response(status_code=204)


@router.get("/{assistant_id}/graph")
async def graph(wiring: Wiring, assistant_id: str, xray: str = "false") -> Response:
    """The drawing of the graph: nodes and edges; with `xray` the sub-graphs too."""
    row = await _published(wiring, assistant_id)
    drawing = row["drawing"] or {}
    return JsonReply(drawing.get("false" if xray.lower() in ("false", "0") else "true") or {})


@router.get("/{assistant_id}/schemas")
async def schemas(wiring: Wiring, assistant_id: str) -> Response:
    """The JSON schemas of input, output, state, config and context."""
    row = await _published(wiring, assistant_id)
    return JsonReply({"graph_id": row["graph_id"], **(row["schemas"] or {})})


async def _published(backend: Backend, name: str) -> DictRow:
    assistant = await _existing(backend, name)
    row = await backend.row("find_graph", graph_id=assistant["graph_id"])
    if row is None:
        raise ApiError(404, f"Graph {assistant['graph_id']!r} is not published; start a worker with it")
    return row


def _text(name: str, value: Any) -> str | None:
    return None if value is None else wire.dumps_text(storable(name, value))
