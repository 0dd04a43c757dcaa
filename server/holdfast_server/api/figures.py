"""The database's figures, asked for at most once a second however many scrapers come."""

from __future__ import annotations

import asyncio
from typing import Any

from psycopg.rows import DictRow

from holdfast_server.db.pool import Connections
from holdfast_server.db.statements import statement

_FRESH = 1.0


class Figures:
    """One row of numbers about runs and workers."""

    def __init__(self, pool: Connections) -> None:
        self._pool = pool
        self._lock = asyncio.Lock()
        self._row: DictRow = {}
        self._until = 0.0

    async def read(self) -> dict[str, Any]:
        """The row, at most a second old."""
        async with self._lock:
            clock = asyncio.get_running_loop().time
            if clock() >= self._until:
                async with self._pool.connection() as conn:
                    row = await (await conn.execute(statement("figures"))).fetchone()
                assert row is not None
                self._row, self._until = row, clock() + _FRESH
            return self._row
