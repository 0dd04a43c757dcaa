"""How late the event loop of this process comes to what is due: the first sign that something blocks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_EVERY = 0.5


class LagWatch:
    """Sleeps, and sees by how much it overslept."""

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Starts watching."""
        self._task = asyncio.create_task(self._watch(), name="lag")

    async def stop(self) -> None:
        """Stops watching; safe before `start`, safe twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _EVERY
            await asyncio.sleep(_EVERY)
            self._tell(max(0.0, loop.time() - due))
