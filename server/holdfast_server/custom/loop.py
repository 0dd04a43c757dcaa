"""The thread on which the user's code runs inside the API process: it may block, the API goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

from holdfast_server.errors import HoldfastError

logger = logging.getLogger(__name__)
T = TypeVar("T")


class UserCodeStuck(HoldfastError):
    """The user's code did not answer in time."""


class UserCodeExited(HoldfastError):
    """The user's code asked the process to exit; it is told so instead."""


class UserLoop:
    """An event loop on a daemon thread: a handler that never returns keeps no process alive."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._stopping = False
        self._thread = Thread(target=self._run, name="user-code", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], T]) -> T:
        """What the function answers, run on the thread; blocks the caller, so for the start only."""
        answer: Future[T] = Future()

        def run() -> None:
            try:
                answer.set_result(function())
            except BaseException as error:
                answer.set_exception(error)

        self.loop.call_soon_threadsafe(run)
        return answer.result()

    async def answer(self, work: Coroutine[Any, Any, T], *, limit: float) -> T:
        """What the coroutine answers, run on the thread.

        Raises:
            UserCodeStuck: nothing after `limit` seconds; the coroutine is cancelled.
            UserCodeExited: it called `sys.exit`.
        """
        future = asyncio.run_coroutine_threadsafe(contained(work), self.loop)
        waiting = asyncio.wrap_future(future)
        done, _ = await asyncio.wait({waiting}, timeout=limit)
        if not done:
            waiting.cancel()
            raise UserCodeStuck(f"no answer after {limit:g} s")
        return waiting.result()

    async def responds(self, *, limit: float) -> None:
        """Returns when the thread is free to take work.

        Raises:
            UserCodeStuck: something blocks it.
        """
        await self.answer(_nothing(), limit=limit)

    def stop(self) -> None:
        """Ends the loop, unless something blocks it; safe twice."""
        self._stopping = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(1.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        while not self._stopping:
            try:
                self.loop.run_forever()
            except BaseException as error:
                # An exit in a task of the user's ends that task; the thread serves everybody else.
                logger.error("code of yours ended with %r", error)


async def contained(work: Coroutine[Any, Any, T]) -> T:
    """Runs work whose exits must not end the thread.

    Raises:
        UserCodeExited: it called `sys.exit`.
    """
    try:
        return await work
    except (SystemExit, KeyboardInterrupt) as error:
        raise UserCodeExited(f"{type(error).__name__}: {error}") from error


async def _nothing() -> None:
    return None
