"""The versions of an assistant: every change is kept, and any of them can be made the latest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from holdfast_server import wire
from holdfast_server.api.assistants import shown
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.bodies import VersionChange, VersionSearch
from holdfast_server.api.body import body_of, storable, takes
from holdfast_server.api.reply import JsonReply, paged
from holdfast_server.api.which_assistant import existing_assistant
from holdfast_server.errors import ApiError

router = APIRouter(prefix="/assistants/{assistant_id}", tags=["assistants"])
Wiring = Annotated[Backend, Depends(backend_of)]


@router.post("/versions", openapi_extra=takes(VersionSearch))
async def versions(
    wiring: Wiring,
    assistant_id: str,
    body: Annotated[VersionSearch, Depends(body_of(VersionSearch))],
) -> Response:
    """The versions of an assistant, newest first."""
    existing = await existing_assistant(wiring, assistant_id)
    params = body.model_dump() | {
        "assistant_id": existing["assistant_id"],
        "metadata": wire.dumps_text(storable("metadata", body.metadata)),
    }
    rows = await wiring.rows("list_versions", params)
    # A version never changes again, so it has no time of change.
    return paged([shown(row | {"updated_at": row["created_at"]}) for row in rows], rows, body)


@router.post("/latest", openapi_extra=takes(VersionChange))
async def latest(
    wiring: Wiring,
    assistant_id: str,
    body: Annotated[VersionChange, Depends(body_of(VersionChange))],
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """Makes an assistant what it was at a version: graph, config, context, metadata, name and description."""
    value: dict[str, Any] = {"version": body.version if body.version is not None else version}
    existing = await existing_assistant(wiring, assistant_id, "update", value)
    if value["version"] is None:
        raise ApiError(422, "version is missing; name the version to go to")
    which = {"assistant_id": existing["assistant_id"], "version": value["version"]}
    row = await wiring.row("set_latest_version", **which)
    if row is None:
        raise ApiError(404, f"Assistant {assistant_id} has no version {value['version']}")
    return JsonReply(shown(row))
