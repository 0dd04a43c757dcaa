"""The sweepers: end the time of threads and of items in long-term memory."""

from __future__ import annotations

from holdfast_server.config.checkpointer import CheckpointerConfig
from holdfast_server.config.store import StoreConfig
from holdfast_server.db.pool import Connections
from holdfast_server.db.statements import statement
from holdfast_server.workers.actor import Actor

# Small transactions: a sweep must not hold many threads locked while it works on the next.
_THREADS_AT_ONCE = 20
_ITEMS_AT_ONCE = 5000
_MOST_ITEMS = 200_000


class ThreadSweeper(Actor):
    """Deletes expired threads, or reduces them to their newest state; any number may tick at once."""

    def __init__(self, pool: Connections, config: CheckpointerConfig) -> None:
        super().__init__(every=config.sweep_interval * 60)
        self._pool = pool
        self._limit = config.sweep_limit

    async def tick(self) -> None:
        """One round, of `sweep_limit` threads at most."""
        await _sweep(self._pool, "sweep_threads", at_once=_THREADS_AT_ONCE, most=self._limit)


class StoreSweeper(Actor):
    """Deletes expired items of long-term memory; any number may tick at once."""

    def __init__(self, pool: Connections, config: StoreConfig) -> None:
        super().__init__(every=config.sweep_interval * 60)
        self._pool = pool

    async def tick(self) -> None:
        """One round; the next goes on."""
        await _sweep(self._pool, "sweep_store", at_once=_ITEMS_AT_ONCE, most=_MOST_ITEMS)


async def _sweep(pool: Connections, name: str, *, at_once: int, most: int) -> None:
    left = most
    while left > 0:
        limit = min(at_once, left)
        async with pool.connection() as conn:
            row = await (await conn.execute(statement(name), {"limit": limit})).fetchone()
        if row is None or row["swept"] < limit:
            return
        left -= limit


async def publish_lifetime(pool: Connections, config: CheckpointerConfig) -> None:
    """Makes the lifetime of new threads known to the database, which gives it to each of them."""
    params = {"strategy": config.strategy, "ttl_minutes": config.default_ttl}
    async with pool.connection() as conn:
        await conn.execute(statement("publish_lifetime"), params)
