"""Assistants: a graph with a configuration; every graph has one by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.access.needs import needs, require
from holdfast_server.access.visible import narrowed
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.bodies import AssistantBody, AssistantPatch, AssistantSearch
from holdfast_server.api.body import body_of, storable, takes
from holdfast_server.api.configs import checked_config
from holdfast_server.api.reply import JsonReply, paged, selected
from holdfast_server.api.which_assistant import existing_assistant, readable, resolve
from holdfast_server.errors import ApiError
from holdfast_server.sealing.house import seal_text

router = APIRouter(prefix="/assistants", tags=["assistants"])
Wiring = Annotated[Backend, Depends(backend_of)]

_SHOWN = (
    "assistant_id", "graph_id", "config", "context", "created_at", "updated_at", "metadata", "version",
    "name", "description",
)  # fmt: skip


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """An assistant as clients know it."""
    return {name: row[name] for name in _SHOWN}


@router.post("", openapi_extra=takes(AssistantBody))
async def create(wiring: Wiring, body: Annotated[AssistantBody, Depends(body_of(AssistantBody))]) -> Response:
    """Creates an assistant."""
    config, context = _mirrored(body.config, body.context)
    graphs = [g["graph_id"] for g in await wiring.rows("list_graphs", {})]
    if body.graph_id not in graphs:
        raise ApiError(404, f"Graph {body.graph_id!r} not found. Expected one of: {graphs}")
    assistant_id = body.assistant_id or uuid7()
    value = body.model_dump() | {"assistant_id": assistant_id}
    await wiring.allow("assistants", "create", value)
    _reserved(wiring, value["metadata"])
    row = await wiring.row(
        "create_assistant",
        assistant_id=assistant_id,
        graph_id=body.graph_id,
        name=storable("name", body.name) or "Untitled",
        description=storable("description", body.description),
        config=seal_text(wire.dumps_text(config)),
        context=seal_text(wire.dumps_text(context)),
        metadata=wire.dumps_text(storable("metadata", value["metadata"])),
    )
    if row is None:
        if body.if_exists == "raise":
            raise ApiError(409, f"Assistant {assistant_id} already exists")
        row = await existing_assistant(wiring, str(assistant_id))
    return JsonReply(shown(row))


@router.post("/search", openapi_extra=takes(AssistantSearch))
async def search(
    wiring: Wiring, body: Annotated[AssistantSearch, Depends(body_of(AssistantSearch))]
) -> Response:
    """Finds assistants by metadata, graph and name."""
    rows = await wiring.rows("search_assistants", await _filter(wiring, body))
    return paged(selected([shown(row) for row in rows], body.select), rows, body)


@router.post("/count", openapi_extra=takes(AssistantSearch))
async def count(
    wiring: Wiring, body: Annotated[AssistantSearch, Depends(body_of(AssistantSearch))]
) -> Response:
    """Counts assistants by metadata, graph and name."""
    row = await wiring.row("count_assistants", **await _filter(wiring, body))
    return JsonReply(row["n"] if row else 0)


@router.get("/{assistant_id}")
async def get(wiring: Wiring, assistant_id: str) -> Response:
    """One assistant, by id or by the name of its graph."""
    return JsonReply(shown(await existing_assistant(wiring, assistant_id)))


@router.patch("/{assistant_id}", openapi_extra=takes(AssistantPatch))
async def update(
    wiring: Wiring,
    assistant_id: str,
    body: Annotated[AssistantPatch, Depends(body_of(AssistantPatch))],
) -> Response:
    """Changes an assistant and counts its version up."""
    value = body.model_dump(exclude_none=True) | {"metadata": dict(body.metadata or {})}
    existing = await existing_assistant(wiring, assistant_id, "update", value)
    _reserved(wiring, value["metadata"])
    config, context = _mirrored(body.config, body.context)
    if body.graph_id is not None:
        await resolve(wiring, body.graph_id)
    row = await wiring.row(
        "update_assistant",
        assistant_id=existing["assistant_id"],
        graph_id=body.graph_id,
        name=storable("name", body.name),
        description=storable("description", body.description),
        config=seal_text(_text(config)),
        context=seal_text(_text(context)),
        metadata=_text(storable("metadata", value["metadata"])),
    )
    return JsonReply(shown(row or existing))


@router.delete("/{assistant_id}", status_code=204)
async def delete(wiring: Wiring, assistant_id: str, delete_threads: bool = False) -> Response:
    """Deletes an assistant, with `delete_threads` also the threads it ran on last.

    The default one of a graph comes back when a worker starts.
    """
    if delete_threads:
        require(wiring.caller, "delete_threads", needs("threads.delete"))
    existing = await existing_assistant(wiring, assistant_id, "delete")
    which = {"assistant_id": existing["assistant_id"]}
    if delete_threads:
        visible = await wiring.allow("threads", "delete", dict(which))
        await wiring.row("forget_threads_of_assistant", **which, visible=visible)
    await wiring.row("delete_assistant", **which)
    return Response(status_code=204)


def _reserved(backend: Backend, metadata: Mapping[str, Any]) -> None:
    """What marks a default assistant shows it to everybody: where users are told apart none may claim it."""
    if backend.caller.user is not None and metadata.get("created_by") == "system":
        raise ApiError(403, "metadata.created_by 'system' marks the default assistants; leave it out")


async def _filter(backend: Backend, body: AssistantSearch) -> dict[str, Any]:
    value = body.model_dump() | {"metadata": dict(body.metadata)}
    visible = await backend.allow("assistants", "search", value)
    # What the handler adds narrows the caller's own assistants and not the default ones.
    added = {k: v for k, v in value["metadata"].items() if k not in body.metadata or body.metadata[k] != v}
    return body.model_dump() | {
        "visible": readable(narrowed(visible, storable("metadata", added)), "search"),
        "metadata": wire.dumps_text(storable("metadata", body.metadata)),
        "name": storable("name", body.name),
        "graph_id": storable("graph_id", body.graph_id),
    }


def _mirrored(
    config: dict[str, Any] | None, context: dict[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Config and context as they are stored: `context` is the newer name of `config.configurable`.

    Raises:
        ApiError: 400 when both are set, 422 for a config that no graph could run with.
    """
    checked_config(config or {})
    storable("context", context)
    configurable = (config or {}).get("configurable")
    if configurable and context:
        raise ApiError(400, "Send either context or config.configurable, not both")
    if context:
        return {**(config or {}), "configurable": context}, context
    return config, configurable if config is not None and configurable else context


def _text(value: Any) -> str | None:
    return None if value is None else wire.dumps_text(value)
