"""The rescuer: finds runs that nobody looks after and puts them back in front of the workers."""

from __future__ import annotations

import logging
from datetime import timedelta

from holdfast_server.db.pool import Connections
from holdfast_server.db.statements import statement
from holdfast_server.settings import Settings
from holdfast_server.workers.actor import Actor

logger = logging.getLogger(__name__)

# A ticket that was taken but started nothing for so long belongs to a dead worker.
_TICKET_PATIENCE = timedelta(seconds=3)


class Rescuer(Actor):
    """Runs in every process; any number of them may tick at once."""

    def __init__(self, pool: Connections, settings: Settings) -> None:
        super().__init__(every=settings.rescue_every)
        self._pool = pool
        self._params = {
            "max_attempts": settings.max_attempts,
            "silence": timedelta(seconds=settings.silence),
            "cancel_grace": timedelta(seconds=settings.cancel_grace),
            "patience": _TICKET_PATIENCE,
        }

    async def tick(self) -> None:
        """Rescues abandoned runs, admits due ones, replaces dead tickets."""
        async with self._pool.connection() as conn:
            cursor = await conn.execute(statement("rescue"), self._params)
            rows = await cursor.fetchall()
        for row in rows:
            if row["rescued"] is not None:
                logger.warning("run %s lost its worker: %s", row["rescued"], row["verdict"])
