"""Threads: the conversations that runs work on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.access.gatekeeper import Action
from holdfast_server.access.needs import needs, require
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.beginning import begin, shown_ttl, ttl_params
from holdfast_server.api.bodies import ThreadBody, ThreadPatch, ThreadSearch
from holdfast_server.api.body import body_of, storable, takes, uuid_of
from holdfast_server.api.extract import extraction
from holdfast_server.api.reply import JsonReply, paged, selected
from holdfast_server.errors import ApiError
from holdfast_server.sealing.house import sealer

router = APIRouter(prefix="/threads", tags=["threads"])
Wiring = Annotated[Backend, Depends(backend_of)]

_SHOWN = (
    "thread_id", "created_at", "updated_at", "state_updated_at", "metadata", "status", "config", "values",
)  # fmt: skip


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A thread as clients know it; errors and interrupts only once it has had a state."""
    thread = {name: row[name] for name in _SHOWN}
    thread["state_updated_at"] = row["state_updated_at"] or row["updated_at"]
    if row["state_updated_at"] is not None:
        thread |= {"error": row["error"], "interrupts": row["interrupts"] or {}}
    return thread


async def existing_thread(backend: Backend, thread_id: UUID, action: Action = "read") -> DictRow:
    """The thread, if the caller may do this with it.

    Raises:
        ApiError: 404.
    """
    visible = await backend.allow("threads", action, {"thread_id": thread_id})
    row = await backend.row("find_thread", thread_id=thread_id, visible=visible)
    if row is None:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    return row


@router.post("", openapi_extra=takes(ThreadBody))
async def create(wiring: Wiring, body: Annotated[ThreadBody, Depends(body_of(ThreadBody))]) -> Response:
    """Creates a thread."""
    if body.supersteps:
        require(wiring.caller, "supersteps, which can step over a question,", needs("approvals.decide"))
    thread_id = body.thread_id or uuid7()
    value = body.model_dump() | {"thread_id": thread_id, "metadata": body.metadata or {}}
    await wiring.allow("threads", "create", value)
    row = await _created(wiring, thread_id, storable("metadata", value["metadata"]), body)
    if row is None:
        if body.if_exists != "do_nothing":
            raise ApiError(409, f"Thread with ID {thread_id} already exists")
        row = await existing_thread(wiring, thread_id)
    return JsonReply(shown(row))


async def _created(
    backend: Backend, thread_id: UUID, metadata: Mapping[str, Any], body: ThreadBody
) -> DictRow | None:
    if not body.supersteps:
        params = {"thread_id": thread_id, "metadata": wire.dumps_text(metadata)} | ttl_params(body.ttl)
        return await backend.row("create_thread", **params)
    if await backend.row("thread_exists", thread_id=thread_id):
        return None
    return await begin(backend, thread_id, metadata, body.ttl, body.supersteps)


@router.post("/search", openapi_extra=takes(ThreadSearch))
async def search(wiring: Wiring, body: Annotated[ThreadSearch, Depends(body_of(ThreadSearch))]) -> Response:
    """Finds threads by metadata, values, status and ids."""
    take = extraction(body.extract or {})
    rows = await wiring.rows("search_threads", await _filter(wiring, body))
    found = [shown(row) | take(row) for row in rows]
    fields = body.select and [*body.select, "extracted"]
    return paged(selected(found, fields), rows, body)


@router.post("/count", openapi_extra=takes(ThreadSearch))
async def count(wiring: Wiring, body: Annotated[ThreadSearch, Depends(body_of(ThreadSearch))]) -> Response:
    """Counts threads by metadata, values, status and ids."""
    row = await wiring.row("count_threads", **await _filter(wiring, body))
    return JsonReply(row["n"] if row else 0)


@router.get("/{thread_id}")
async def get(wiring: Wiring, thread_id: str, include: str = "") -> Response:
    """One thread with its newest values and open questions; with `include=ttl` how long it lives."""
    thread = await existing_thread(wiring, uuid_of(thread_id, "thread"))
    return JsonReply(shown(thread) | ({"ttl": shown_ttl(thread)} if "ttl" in include.split(",") else {}))


@router.patch("/{thread_id}", openapi_extra=takes(ThreadPatch))
async def update(
    wiring: Wiring,
    request: Request,
    thread_id: str,
    body: Annotated[ThreadPatch, Depends(body_of(ThreadPatch))],
) -> Response:
    """Merges metadata into a thread's; a `ttl` replaces how long it lives, null lets it live for ever."""
    if body.ttl is not None:
        require(wiring.caller, "A ttl for a thread that exists", needs("threads.delete"))
    value = {"thread_id": uuid_of(thread_id, "thread"), "metadata": body.metadata}
    visible = await wiring.allow("threads", "update", value)
    metadata = wire.dumps_text(storable("metadata", value["metadata"]))
    row = await wiring.row(
        "update_thread",
        thread_id=value["thread_id"],
        metadata=metadata,
        visible=visible,
        ttl_given="ttl" in body.model_fields_set,
        **ttl_params(body.ttl),
    )
    if row is None:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    if "return=minimal" in request.headers.get("prefer", ""):
        return Response(status_code=204)
    return JsonReply(shown(row))


@router.delete("/{thread_id}", status_code=204)
async def delete(wiring: Wiring, thread_id: str) -> Response:
    """Deletes a thread with its runs, its history and its events; a live run is stopped."""
    value = {"thread_id": uuid_of(thread_id, "thread")}
    visible = await wiring.allow("threads", "delete", value)
    row = await wiring.row("forget_thread", thread_id=value["thread_id"], visible=visible)
    if row is None:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    return Response(status_code=204)


@router.post("/{thread_id}/copy")
async def copy(wiring: Wiring, thread_id: str) -> Response:
    """Copies a thread with its whole history."""
    thread = await existing_thread(wiring, uuid_of(thread_id, "thread"))
    value = {"thread_id": uuid7(), "metadata": dict(thread["metadata"])}
    await wiring.allow("threads", "create", value)
    metadata = wire.dumps_text(storable("metadata", value["metadata"]))
    row = await wiring.row("copy_thread", thread_id=thread["thread_id"], new_id=value["thread_id"])
    if row is None:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    if value["metadata"] != thread["metadata"]:
        row = await wiring.row("update_thread", thread_id=row["thread_id"], metadata=metadata, visible=None)
        assert row is not None
    return JsonReply(shown(row))


async def _filter(backend: Backend, body: ThreadSearch) -> dict[str, Any]:
    value = body.model_dump() | {"metadata": body.metadata or {}}
    visible = await backend.allow("threads", "search", value)
    if body.values and sealer().key_ids:
        raise ApiError(422, "values cannot be searched, because they are sealed; search by metadata instead")
    return body.model_dump() | {
        "visible": visible,
        "metadata": wire.dumps_text(storable("metadata", value["metadata"])),
        "values": wire.dumps_text(storable("values", body.values)) if body.values else None,
    }
