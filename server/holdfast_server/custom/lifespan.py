"""The lifespan of the user's application: what it opens before the first request and closes in the end."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from starlette.types import ASGIApp, Message

from holdfast_server.custom.loop import UserCodeStuck, UserLoop
from holdfast_server.errors import ConfigError

logger = logging.getLogger(__name__)
# Longer than any start of a client or a pool; one that hangs must not look like a slow start for ever.
_START = 120.0
_END = 5.0


class Lifespan:
    """Speaks the ASGI lifespan protocol with an application on the user's thread."""

    def __init__(self, app: ASGIApp, loop: UserLoop) -> None:
        self._app = app
        self._loop = loop
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._said: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        # What the application yields; its requests see it as `request.state`.
        self.state: dict[str, Any] = {}

    async def start(self) -> None:
        """Returns when the application has started.

        Raises:
            ConfigError: it failed to.
        """
        try:
            problem = await self._loop.answer(self._begin(), limit=_START)
        except UserCodeStuck as stuck:
            problem = str(stuck)
        if problem is not None:
            raise ConfigError(f"http.app does not start: {problem}")

    async def stop(self) -> None:
        """Lets the application close what it opened, in a few seconds; safe before `start`, safe twice."""
        try:
            problem = await self._loop.answer(self._end(), limit=_END)
        except UserCodeStuck as stuck:
            problem = str(stuck)
        if problem is not None:
            logger.error("http.app does not stop: %s", problem)

    async def _begin(self) -> str | None:
        self._task = asyncio.create_task(self._run())
        await self._told.put({"type": "lifespan.startup"})
        return await self._problem("startup")

    async def _end(self) -> str | None:
        if self._task is None or self._task.done():
            return None
        await self._told.put({"type": "lifespan.shutdown"})
        return await self._problem("shutdown")

    async def _problem(self, phase: str) -> str | None:
        message = await self._said.get()
        if message["type"] == f"lifespan.{phase}.complete":
            return None
        return str(message.get("message") or "it ended").strip().splitlines()[-1]

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._told.get, self._said.put)
        except BaseException as error:
            await self._said.put({"type": "lifespan.failed", "message": f"{type(error).__name__}: {error}"})
        else:
            await self._said.put({"type": "lifespan.failed", "message": "it ended"})
