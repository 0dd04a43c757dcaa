"""Stream events of a run: collected in the worker, carried by PostgreSQL in batches."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from holdfast_server.db.pool import Connections
from holdfast_server.db.retry import through_outages
from holdfast_server.db.statements import statement
from holdfast_server.sealing.house import seal_text

logger = logging.getLogger(__name__)

# A watched run's event is written at once, and what follows within this time together; shorter windows cost
# commits.
_WATCHED = 0.02
# An unwatched run's events wait for company from the start; a reader who joins is a little behind.
_UNWATCHED = 0.25
# A batch is written early when it grows beyond this many characters.
_FULL = 256 * 1024


@dataclass(frozen=True)
class Event:
    """One server-sent event: its name and its JSON text."""

    name: str
    data: str


class EventLog:
    """The events of one attempt at a run. Events still here at the end travel with `finish`."""

    def __init__(self, pool: Connections, *, run_id: UUID, epoch: int, watched: bool = True) -> None:
        self._pool = pool
        self._watched = watched
        self._wrote_at = 0.0
        self._owner = {"run_id": run_id, "epoch": epoch}
        self._waiting: list[Event] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    async def append(self, event: Event) -> None:
        """Adds an event; waits only when the database cannot follow."""
        self._waiting.append(event)
        self._size += len(event.data)
        if self._size > _FULL:
            await self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._delay(), self._write_soon)

    def _delay(self) -> float:
        if not self._watched:
            return _UNWATCHED
        return max(0.0, self._wrote_at + _WATCHED - asyncio.get_running_loop().time())

    async def flush(self) -> None:
        """Writes what waits, after what is being written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])
        if self._waiting:
            await self._write(self._take())

    async def close(self) -> list[Event]:
        """Stops writing and hands over what is left, in order."""
        if self._timer is not None:
            self._timer.cancel()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        return self._take()

    def _write_soon(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        self._wrote_at = asyncio.get_running_loop().time()
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(self._take()))
        else:
            self._timer = asyncio.get_running_loop().call_later(_WATCHED, self._write_soon)

    def _take(self) -> list[Event]:
        events, self._waiting, self._size = self._waiting, [], 0
        return events

    async def _write(self, events: list[Event]) -> None:
        params = self._owner | {
            "names": [e.name for e in events],
            "data": [seal_text(e.data) for e in events],
        }

        async def insert() -> None:
            async with self._pool.connection() as conn:
                await conn.execute(statement("append_events"), params)

        try:
            await through_outages(insert)
        except Exception:
            # Readers miss a batch; the run itself goes on and its result is stored at the end.
            logger.exception("run %s: %d stream events could not be stored", params["run_id"], len(events))
