"""The feed: rows of the event table from a position on, page by page, as they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from holdfast_server.api.backend import Backend
from holdfast_server.api.stopping import ServerStopping

# Clients measure the silence between two beats and hang up after three; keep it regular.
HEARTBEAT = 5.0
Page = list[DictRow]


@dataclass
class Feed:
    """Reads pages with a statement, and sleeps until the hub says that there is more.

    A reader who is slow holds one page and nothing else: the events wait in the database.

    Attributes:
        key: what the hub calls when there is news.
        statement: takes `after`; a row without `event_id` says that there is nothing new.
        is_over: asked after every read, with its rows; the feed ends when it is so and nothing new was found.
        position: the last event that was handed out.
    """

    backend: Backend
    key: str
    statement: str
    params: Mapping[str, Any]
    is_over: Callable[[Page], bool]
    position: int = 0

    async def pages(self) -> AsyncIterator[Page]:
        """The pages; an empty one whenever five seconds passed since the last beat."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + HEARTBEAT
        with self.backend.hub.waiting(self.key) as news:
            while True:
                news.clear()
                rows = await self._read()
                over = self.is_over(rows)
                if found := [row for row in rows if row["event_id"] is not None]:
                    self.position = found[-1]["event_id"]
                    yield found
                    continue
                if over:
                    return
                if self.backend.hub.closing:
                    raise ServerStopping
                try:
                    await asyncio.wait_for(news.wait(), max(beat_at - loop.time(), 0))
                except TimeoutError:
                    beat_at += HEARTBEAT
                    yield []

    async def _read(self) -> Page:
        # A client that hangs up in the middle of a read does not cost the pool a connection.
        return await asyncio.shield(
            self.backend.rows(self.statement, {**self.params, "after": self.position})
        )
