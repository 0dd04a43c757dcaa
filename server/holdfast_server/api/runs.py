"""Runs: created, streamed, waited for, joined, cancelled; on a thread or without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from psycopg.rows import DictRow

from holdfast_server.access.gatekeeper import Action
from holdfast_server.access.needs import needs, require
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.bodies import RunBody
from holdfast_server.api.body import body_of, takes, uuid_of
from holdfast_server.api.following import cancel_run, guarded, result_of, settled
from holdfast_server.api.intake import take_run
from holdfast_server.api.listed import listed
from holdfast_server.api.reply import JsonReply, selected
from holdfast_server.api.sse import STREAM_HEADERS, EventStream, position_of
from holdfast_server.api.thread_stream import newest_position
from holdfast_server.api.threads import existing_thread
from holdfast_server.errors import ApiError
from holdfast_server.runs.run import WAITING
from holdfast_server.runs.shown import shown

router = APIRouter(tags=["runs"])
Wiring = Annotated[Backend, Depends(backend_of)]
New = Annotated[RunBody, Depends(body_of(RunBody))]
Flag = Annotated[str, Query()]
CancelAction = Literal["interrupt", "rollback"]
_BODY = takes(RunBody)


@dataclass(frozen=True)
class _Place:
    """Where a client finds its run again when the connection breaks."""

    row: Mapping[str, Any]

    @property
    def path(self) -> str:
        return f"/threads/{self.row['thread_id']}/runs/{self.row['run_id']}"

    @property
    def again(self) -> str:
        # A client that never named a thread looks for its run without one.
        return f"/runs/{self.row['run_id']}" if self.row.get("kwargs", {}).get("temporary") else self.path

    def headers(self, verb: str | None) -> dict[str, str]:
        location = {"location": f"{self.again}/{verb}"} if verb else {}
        return {"content-location": self.path, **location}


@router.post("/threads/{thread_id}/runs", openapi_extra=_BODY)
async def create(wiring: Wiring, thread_id: str, body: New) -> Response:
    """Starts a run and answers at once."""
    row = await take_run(wiring, body, uuid_of(thread_id, "thread"))
    return JsonReply(shown(row), headers=_Place(row).headers(None))


@router.post("/runs", openapi_extra=_BODY)
async def create_stateless(wiring: Wiring, body: New) -> Response:
    """Starts a run on a thread of its own."""
    row = await take_run(wiring, body, None)
    return JsonReply(shown(row), headers=_Place(row).headers(None))


@router.post("/threads/{thread_id}/runs/wait", openapi_extra=_BODY)
async def wait(wiring: Wiring, thread_id: str, body: New) -> Response:
    """Starts a run and answers with its final values."""
    return _waiting(wiring, await take_run(wiring, body, uuid_of(thread_id, "thread")), body)


@router.post("/runs/wait", openapi_extra=_BODY)
async def wait_stateless(wiring: Wiring, body: New) -> Response:
    """Starts a run on a thread of its own and answers with its final values."""
    return _waiting(wiring, await take_run(wiring, body, None), body)


@router.post("/threads/{thread_id}/runs/stream", openapi_extra=_BODY)
async def stream(wiring: Wiring, thread_id: str, body: New) -> Response:
    """Starts a run and streams its events."""
    row = await take_run(wiring, body, uuid_of(thread_id, "thread"), watched=True)
    return _streaming(wiring, row, body)


@router.post("/runs/stream", openapi_extra=_BODY)
async def stream_stateless(wiring: Wiring, body: New) -> Response:
    """Starts a run on a thread of its own and streams its events."""
    return _streaming(wiring, await take_run(wiring, body, None, watched=True), body)


@router.get("/threads/{thread_id}/runs")
async def list_runs(
    wiring: Wiring,
    thread_id: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    offset: Annotated[int, Query(ge=0)] = 0,
    status: str | None = None,
    select: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """The runs of a thread, newest first."""
    thread = await existing_thread(wiring, uuid_of(thread_id, "thread"))
    states = None if status is None else list(WAITING) if status == "pending" else [status]
    params = {"thread_id": thread["thread_id"], "states": states}
    rows = await wiring.rows("list_runs", params | {"limit": limit, "offset": offset})
    return JsonReply(selected([shown(row) for row in rows], listed("select", select)))


@router.get("/threads/{thread_id}/runs/{run_id}")
async def get(wiring: Wiring, thread_id: str, run_id: str) -> Response:
    """One run."""
    return JsonReply(shown(await _existing(wiring, thread_id, run_id)))


@router.delete("/threads/{thread_id}/runs/{run_id}", status_code=204)
async def delete(wiring: Wiring, thread_id: str, run_id: str) -> Response:
    """Deletes a run; a live one is stopped."""
    thread, run = uuid_of(thread_id, "thread"), uuid_of(run_id, "run")
    await _permitted(wiring, thread, "delete")
    row = await wiring.row("delete_run", thread_id=thread, run_id=run)
    if row is None or not row["deleted"]:
        raise ApiError(404, "Run not found")
    return Response(status_code=204)


@router.get("/threads/{thread_id}/runs/{run_id}/join")
async def join(wiring: Wiring, thread_id: str, run_id: str, cancel_on_disconnect: Flag = "false") -> Response:
    """Waits for a run and answers with its final values."""
    leave = _leaves(wiring, cancel_on_disconnect)
    row = await _existing(wiring, thread_id, run_id)
    return StreamingResponse(
        guarded(wiring, row, result_of(wiring, row["run_id"]), cancel=leave),
        media_type="application/json",
        headers=_Place(row).headers("join"),
    )


@router.get("/threads/{thread_id}/runs/{run_id}/stream")
async def join_stream(
    wiring: Wiring,
    thread_id: str,
    run_id: str,
    cancel_on_disconnect: Flag = "false",
    stream_mode: Annotated[list[str] | None, Query()] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Streams a run's events from now on, or after Last-Event-ID."""
    leave = _leaves(wiring, cancel_on_disconnect)
    row = await _existing(wiring, thread_id, run_id)
    after = position_of(last_event_id)
    if after is None:
        after = await newest_position(wiring, row["thread_id"])
    events = EventStream(
        wiring,
        row["run_id"],
        after=after,
        with_ids=bool(row["kwargs"].get("resumable")),
        modes=_modes(stream_mode),
    )
    return _event_response(wiring, row, events, cancel=leave)


@router.post("/threads/{thread_id}/runs/{run_id}/cancel")
async def cancel(
    wiring: Wiring,
    thread_id: str,
    run_id: str,
    wait: Flag = "false",
    action: Annotated[CancelAction, Query()] = "interrupt",
) -> Response:
    """Stops a run: `interrupt` keeps what it did, `rollback` undoes its writes to the state."""
    thread, run = uuid_of(thread_id, "thread"), uuid_of(run_id, "run")
    await _permitted(wiring, thread, "update")
    outcome = await cancel_run(wiring, thread, run, action)
    if outcome == "missing":
        raise ApiError(404, "No runs found to cancel.")
    if outcome == "over":
        raise ApiError(404, f"No matching runs to cancel: run {run_id} is over already")
    if not _cancels(wait):
        return Response(status_code=202)
    place = _Place({"thread_id": thread, "run_id": run})
    return StreamingResponse(
        settled(wiring, run), media_type="application/json", headers=place.headers("join")
    )


async def _permitted(backend: Backend, thread_id: UUID, action: Action) -> None:
    """A run may be touched by who may touch its thread."""
    visible = await backend.allow("threads", action, {"thread_id": thread_id})
    if visible is None:
        return
    row = await backend.row("thread_is_visible", thread_id=thread_id, visible=visible)
    if row is None or not row["found"]:
        raise ApiError(404, f"Thread with ID {thread_id} not found")


async def _existing(backend: Backend, thread_id: str, run_id: str) -> DictRow:
    params = {"thread_id": uuid_of(thread_id, "thread"), "run_id": uuid_of(run_id, "run")}
    await _permitted(backend, params["thread_id"], "read")
    row = await backend.row("find_run", **params)
    if row is None:
        raise ApiError(404, "Run not found")
    return row


def _waiting(backend: Backend, row: DictRow, body: RunBody) -> Response:
    return StreamingResponse(
        guarded(
            backend,
            row,
            result_of(backend, row["run_id"], begins=True),
            cancel=body.on_disconnect == "cancel",
        ),
        media_type="application/json",
        headers=_Place(row).headers("join"),
    )


def _streaming(backend: Backend, row: DictRow, body: RunBody) -> Response:
    events = EventStream(backend, row["run_id"], with_ids=body.stream_resumable)
    return _event_response(backend, row, events, cancel=body.on_disconnect == "cancel")


def _event_response(backend: Backend, row: DictRow, events: EventStream, *, cancel: bool) -> Response:
    return StreamingResponse(
        guarded(backend, row, events.frames(), cancel=cancel),
        media_type="text/event-stream",
        headers=_Place(row).headers("stream") | STREAM_HEADERS,
    )


def _leaves(backend: Backend, flag: str) -> bool:
    """Whether the run ends with the connection of one who only follows it.

    Raises:
        ApiError: 403.
    """
    if _cancels(flag):
        require(backend.caller, "cancel_on_disconnect", needs("runs.cancel"))
    return _cancels(flag)


def _cancels(flag: str) -> bool:
    return flag.lower() in ("1", "true", "yes")


def _modes(raw: list[str] | None) -> frozenset[str] | None:
    """The names under which the events of these stream modes were sent."""
    modes = listed("stream_mode", raw)
    return frozenset("messages" if mode == "messages-tuple" else mode for mode in modes) or None
