"""Server-sent events as LangGraph clients read them, taken from the event table as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server.api.backend import Backend
from holdfast_server.api.feed import Feed, Page
from holdfast_server.runs.run import LIVE

STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
BEAT = b": heartbeat\r\n\r\n"
# Beyond every event id.
_END = 2**62
# Kept for the thread's stream and for protocol clients.
_NOT_SHOWN = ("blocks", "input.requested", "end")
_MESSAGES = ("messages", "messages/metadata", "messages/partial", "messages/complete")


def frame(name: str, data: str, event_id: str | None = None) -> bytes:
    """One event: CRLF, in the order event, data, id."""
    tail = f"id: {event_id}\r\n" if event_id else ""
    return f"event: {name}\r\ndata: {data}\r\n{tail}\r\n".encode("utf-8", "replace")


def numbered(row: DictRow) -> str:
    """The id of an event, of the form `<ms>-<n>`."""
    return f"{row['ms']}-{row['event_id']}"


async def framed(
    pages: AsyncIterator[Page], shown: Callable[[DictRow], bytes | None]
) -> AsyncIterator[bytes]:
    """A chunk of frames for each page that shows anything, and the heartbeats."""
    async for page in pages:
        if not page:
            yield BEAT
        elif frames := [one for row in page if (one := shown(row)) is not None]:
            yield b"".join(frames)


@dataclass(frozen=True)
class EventStream:
    """The events of one run from a position on, until the run's end is committed.

    Attributes:
        after: the last event the client has; 0 for all.
        with_ids: resumable streams carry ids of the form `<ms>-<n>`.
        modes: when given, only events of these modes.
    """

    backend: Backend
    run_id: UUID
    after: int = 0
    with_ids: bool = False
    modes: frozenset[str] | None = None

    def frames(self) -> AsyncIterator[bytes]:
        """The frames, with a heartbeat whenever five seconds pass."""
        return framed(self.pages(), self._frame)

    def pages(self) -> AsyncIterator[Page]:
        """The events as rows of `name` and `data`; an empty page whenever five seconds pass."""
        params = {"run_id": self.run_id, "shown": self._names()}
        feed = Feed(self.backend, f"event:{self.run_id}", "read_events", params, _is_over, self.after)
        return feed.pages()

    def _names(self) -> list[str] | None:
        if self.modes is None:
            return None
        return ["error", *self.modes, *(_MESSAGES if "messages" in self.modes else ())]

    def _frame(self, row: DictRow) -> bytes | None:
        if row["data"] is None or row["name"].partition("|")[0] in _NOT_SHOWN:
            return None
        return frame(row["name"], row["data"], numbered(row) if self.with_ids else None)


def _is_over(rows: Page) -> bool:
    return not rows or rows[0]["state"] not in LIVE


def position_of(last_event_id: str | None) -> int | None:
    """The position in a Last-Event-ID; None when there is none. `-1`, `0` and `-` mean from the beginning."""
    if last_event_id is None:
        return None
    text = last_event_id.strip()
    if text in ("-1", "0", "-", ""):
        return 0
    number = text.rpartition("-")[2]
    if not (number.isascii() and number.isdigit()):
        # Not one of ours: nothing of the past is replayed.
        return _END
    return min(int(number), _END)
