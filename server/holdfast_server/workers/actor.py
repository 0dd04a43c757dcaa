"""A background actor: a loop with one `tick`, that survives errors and stops when told."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod

logger = logging.getLogger(__name__)


class Actor(ABC):
    """Calls `tick` every `every` seconds until `stop`; an error is logged and the loop goes on."""

    def __init__(self, *, every: float) -> None:
        self._every = every
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @abstractmethod
    async def tick(self) -> None:
        """The work of one round."""

    def start(self) -> None:
        """Starts the loop."""
        self._task = asyncio.create_task(self._run(), name=type(self).__name__.lower())

    async def stop(self) -> None:
        """Ends the loop; safe before `start`, safe twice."""
        self._stopped.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                await self.tick()
            except Exception as error:
                logger.warning(
                    "%s: %s; trying again", type(self).__name__.lower(), str(error).strip() or error
                )
            try:
                await asyncio.wait_for(self._stopped.wait(), self._every)
            except TimeoutError:
                continue
