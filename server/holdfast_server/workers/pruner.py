"""The pruner: deletes what nobody reads any more."""

from __future__ import annotations

from datetime import timedelta

from holdfast_server.db.pool import Conn, Connections
from holdfast_server.db.statements import statement
from holdfast_server.settings import Settings
from holdfast_server.workers.actor import Actor

_EVERY = 30.0
# A client that asks for the result of a stateless run after its connection broke finds it this long.
_TEMPORARY = timedelta(minutes=5)
# What an operator looks up afterwards: what did not work is asked about for longer.
_FIRINGS = timedelta(days=30)
_WEBHOOKS = {"delivered": timedelta(days=1), "dead": timedelta(days=30)}


class Pruner(Actor):
    """Deletes old events, firings and webhooks, finished stateless threads, dead workers, dead tickets."""

    def __init__(self, pool: Connections, settings: Settings) -> None:
        super().__init__(every=_EVERY)
        self._pool = pool
        self._event_ttl = timedelta(seconds=settings.event_ttl)
        self._event_limit = max(settings.event_limit, 1)
        self._trimmed_to = 0

    async def tick(self) -> None:
        """One round; each statement is bounded, the next round goes on."""
        async with self._pool.connection() as conn:
            await conn.execute(statement("prune_events"), {"ttl": self._event_ttl})
            await self._trim(conn)
            await conn.execute(statement("prune_temporary_threads"), {"ttl": _TEMPORARY})
            await conn.execute(statement("prune_workers"))
            await conn.execute(statement("prune_tickets"))
            await conn.execute(statement("prune_asks"))
            await conn.execute(statement("prune_firings"), {"ttl": _FIRINGS})
            await conn.execute(statement("prune_webhooks"), _WEBHOOKS)
            await conn.execute(statement("prune_rates"))

    async def _trim(self, conn: Conn) -> None:
        params = {"after": self._trimmed_to, "limit": self._event_limit}
        cursor = await conn.execute(statement("trim_events"), params)
        row = await cursor.fetchone()
        if row is not None and not row["more"]:
            self._trimmed_to = row["newest"]
