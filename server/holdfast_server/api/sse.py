"""Server-sent events as LangGraph clients read them, taken from the event table as they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server.api.backend import Backend
from holdfast_server.api.stopping import ServerStopping
from holdfast_server.runs.run import LIVE

# Clients measure the silence between two beats and hang up after three; keep it regular.
HEARTBEAT = 5.0
# Beyond every event id.
_END = 2**62


def frame(name: str, data: str, event_id: str | None = None) -> bytes:
    """One event: CRLF, in the order event, data, id."""
    tail = f"id: {event_id}\r\n" if event_id else ""
    return f"event: {name}\r\ndata: {data}\r\n{tail}\r\n".encode("utf-8", "replace")


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

    async def frames(self) -> AsyncIterator[bytes]:
        """The frames, with a heartbeat whenever five seconds pass."""
        position = self.after
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + HEARTBEAT
        with self.backend.hub.waiting(f"event:{self.run_id}") as news:
            while True:
                news.clear()
                rows = await self.backend.rows("read_events", {"run_id": self.run_id, "after": position})
                for row in rows:
                    if row["event_id"] is not None:
                        position = row["event_id"]
                        if self._wants(row["name"]):
                            yield self._frame(row)
                has_more = bool(rows) and rows[-1]["event_id"] is not None
                if not rows or (not has_more and rows[0]["state"] not in LIVE):
                    return
                if has_more:
                    continue
                if self.backend.hub.closing:
                    raise ServerStopping
                try:
                    await asyncio.wait_for(news.wait(), max(beat_at - loop.time(), 0))
                except TimeoutError:
                    beat_at += HEARTBEAT
                    yield b": heartbeat\r\n\r\n"

    def _wants(self, name: str) -> bool:
        mode = name.partition("|")[0].partition("/")[0]
        return self.modes is None or mode in self.modes or name == "error"

    def _frame(self, row: DictRow) -> bytes:
        event_id = f"{row['ms']}-{row['event_id']}" if self.with_ids else None
        return frame(row["name"], row["data"], event_id)


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
