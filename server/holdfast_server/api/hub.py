"""The hub: one LISTEN connection per API process wakes everybody who waits for a run or an answer."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from holdfast_server.db.pool import connect

logger = logging.getLogger(__name__)

# An end wakes those who wait for the end and those who read events.
_CHANNELS = {
    "holdfast_event": ("event", "thread"),
    "holdfast_end": ("event", "end"),
    "holdfast_thread": ("thread",),
    "holdfast_answer": ("answer",),
}
# Wake-ups that a waiter may come too late for; what is older is found by looking.
_REMEMBERED = 4096


class Hub:
    """Wakes waiters by what they wait for: `event:<run>`, `thread:<thread>`, `end:<run>` or `answer:<ask>`.

    A wake-up says "look again", nothing more.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiters: dict[str, set[asyncio.Event]] = {}
        self._just_said: OrderedDict[str, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        self._listening = asyncio.Event()
        self.closing = False

    async def start(self) -> None:
        """Starts listening; returns when it does."""
        self._task = asyncio.create_task(self._run(), name="hub")
        await asyncio.wait_for(self._listening.wait(), 30)

    async def stop(self) -> None:
        """Stops listening; safe before `start`, safe twice."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def close(self) -> None:
        """Tells everybody who waits to leave: the process goes down, clients reconnect to another."""
        self.closing = True
        self._wake_all()

    @contextmanager
    def waiting(self, key: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happened to `key`; clear it before looking.

        It is set from the start when something was said a moment before: who starts a run may wait first.
        """
        event = asyncio.Event()
        if key in self._just_said:
            event.set()
        self._waiters.setdefault(key, set()).add(event)
        try:
            yield event
        finally:
            waiters = self._waiters[key]
            waiters.discard(event)
            if not waiters:
                del self._waiters[key]

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                logger.warning("hub: %s; trying again", str(error).strip() or error)
                await asyncio.sleep(0.2)

    async def _listen(self) -> None:
        async with await connect(self._url, name="hub", role="holdfast_app", connect_timeout=5) as conn:
            for channel in _CHANNELS:
                await conn.execute(f"listen {channel}")
            self._listening.set()
            # Whatever was said while nobody listened is found by looking.
            self._wake_all()
            async for note in conn.notifies():
                for key in _keys(note.channel, note.payload):
                    self._say(key)

    def _say(self, key: str) -> None:
        self._just_said[key] = None
        if len(self._just_said) > _REMEMBERED:
            self._just_said.popitem(last=False)
        for event in self._waiters.get(key, ()):
            event.set()

    def _wake_all(self) -> None:
        for event in [event for waiters in self._waiters.values() for event in waiters]:
            event.set()


def _keys(channel: str, payload: str) -> list[str]:
    """Who is meant: one for each word of a payload with several, everybody of the channel for one word."""
    kinds, words = _CHANNELS[channel], payload.split()
    named = zip(kinds, words, strict=False) if len(words) > 1 else ((kind, payload) for kind in kinds)
    return [f"{kind}:{word}" for kind, word in named]
