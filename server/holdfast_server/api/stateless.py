"""Runs found without their thread: where the clients of stateless runs reconnect."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response

from holdfast_server.api import runs
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.body import uuid_of
from holdfast_server.errors import ApiError

router = APIRouter(prefix="/runs", tags=["runs"])
Wiring = Annotated[Backend, Depends(backend_of)]
Flag = Annotated[str, Query()]


@router.get("/{run_id}/join")
async def join(wiring: Wiring, run_id: str, cancel_on_disconnect: Flag = "false") -> Response:
    """Waits for a run and answers with its final values."""
    return await runs.join(wiring, await _thread_of(wiring, run_id), run_id, cancel_on_disconnect)


@router.get("/{run_id}/stream")
async def join_stream(
    wiring: Wiring,
    run_id: str,
    cancel_on_disconnect: Flag = "false",
    stream_mode: Annotated[list[str] | None, Query()] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Streams a run's events from now on, or after Last-Event-ID."""
    thread_id = await _thread_of(wiring, run_id)
    return await runs.join_stream(wiring, thread_id, run_id, cancel_on_disconnect, stream_mode, last_event_id)


async def _thread_of(backend: Backend, run_id: str) -> str:
    row = await backend.row("thread_of_run", run_id=uuid_of(run_id, "run"))
    if row is None:
        raise ApiError(404, "Run not found")
    return str(row["thread_id"])
