"""The stream of a thread: the events of all its runs and the edits of its state; it never ends by itself."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.body import uuid_of
from holdfast_server.api.feed import Feed, Page
from holdfast_server.api.listed import listed
from holdfast_server.api.sse import STREAM_HEADERS, frame, framed, numbered, position_of
from holdfast_server.errors import ApiError

router = APIRouter(tags=["threads"])
Wiring = Annotated[Backend, Depends(backend_of)]
Many = Annotated[list[str] | None, Query()]

_MODES = ("run_modes", "lifecycle", "state_update")
# What only protocol clients read.
_FOR_PROTOCOL = frozenset({"blocks", "input.requested"})


@router.get("/threads/{thread_id}/stream")
async def stream(
    wiring: Wiring,
    thread_id: str,
    stream_modes: Many = None,
    stream_mode: Many = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Streams what happens on a thread from now on, or after Last-Event-ID.

    Modes: `run_modes` (the events of all runs, each run closed by `run_done`), `lifecycle` (begin and end of
    runs only) and `state_update` (edits of the state).
    """
    modes = _modes(listed("stream_modes", stream_modes) + listed("stream_mode", stream_mode))
    thread = uuid_of(thread_id, "thread")
    visible = await wiring.allow("threads", "read", {"thread_id": thread})
    if await wiring.row("find_thread", thread_id=thread, visible=visible) is None:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    after = position_of(last_event_id)
    if after is None:
        after = await newest_position(wiring, thread)
    feed = thread_feed(wiring, thread, visible, after=after, names=_names(modes), exists=True)
    return StreamingResponse(
        framed(feed.pages(), partial(_frame, _hidden(modes))),
        media_type="text/event-stream",
        headers=STREAM_HEADERS,
    )


def thread_feed(
    backend: Backend,
    thread_id: UUID,
    visible: Visible,
    *,
    after: int,
    names: list[str] | None,
    exists: bool = False,
) -> Feed:
    """The events of a thread after a position; those with other names than these come without data.

    A thread that does not exist may still come; one that was there and is gone ends the feed.
    """
    params = {"thread_id": thread_id, "visible": visible, "shown": names}
    return Feed(backend, f"thread:{thread_id}", "read_thread_events", params, _Gone(exists), after)


async def newest_position(backend: Backend, thread_id: UUID) -> int:
    """The position after which everything is news."""
    row = await backend.row("last_event", thread_id=thread_id)
    return int(row["position"]) if row else 0


class _Gone:
    """Whether a thread was there and is not any more."""

    def __init__(self, was_there: bool) -> None:
        self._was_there = was_there

    def __call__(self, rows: Page) -> bool:
        self._was_there = self._was_there or bool(rows)
        return self._was_there and not rows


def _modes(asked: list[str]) -> frozenset[str]:
    if unknown := sorted(set(asked) - set(_MODES)):
        raise ApiError(422, f"stream_modes has {', '.join(unknown)}; a thread streams {', '.join(_MODES)}")
    return frozenset(asked or ["run_modes"])


def _names(modes: frozenset[str]) -> list[str] | None:
    """The names of events that are read; None for all."""
    if "run_modes" in modes:
        return None
    return [*(("metadata", "end") if "lifecycle" in modes else ()), *(modes & {"state_update"})]


def _hidden(modes: frozenset[str]) -> frozenset[str]:
    return _FOR_PROTOCOL if "state_update" in modes else _FOR_PROTOCOL | {"state_update"}


def _frame(hidden: frozenset[str], row: DictRow) -> bytes | None:
    name, data = row["name"], row["data"]
    if data is None or name.partition("|")[0] in hidden:
        return None
    if name == "end":
        name, data = "metadata", wire.dumps_text({"status": "run_done", "run_id": row["run_id"]})
    return frame(name, data, numbered(row))
