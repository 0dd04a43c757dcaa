"""One WebSocket of a protocol client: it subscribes, gives commands, and is told what happens."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import WebSocket, WebSocketDisconnect
from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend
from holdfast_server.api.channels import Subscription, is_for_protocol, protocol_event
from holdfast_server.api.commands import Command, answer, refusal, success
from holdfast_server.api.still_known import still_known
from holdfast_server.api.stopping import ServerStopping
from holdfast_server.api.thread_stream import thread_feed
from holdfast_server.errors import ApiError
from holdfast_server.untrusted import TooMuch, parsed

# Close codes: the server goes down, come again; the thread is gone; the caller is not let in any more.
_RESTART, _GONE, _REFUSED = 1012, 1000, 1008
_MOST_SUBSCRIPTIONS = 64


@dataclass
class _Subscriber:
    subscription: Subscription
    position: int


@dataclass
class Conversation:
    """Reads commands and writes events, both at once, until one side has enough.

    All subscriptions share one reader of the thread. A new one makes it go back to where it begins; what
    others have had already is not sent to them again, so that an event comes twice only to who asks twice.
    """

    backend: Backend
    socket: WebSocket
    thread_id: UUID
    visible: Visible
    _subscribers: dict[str, _Subscriber] = field(default_factory=dict)
    _reader: asyncio.Task[None] | None = None

    async def hold(self) -> None:
        """The whole conversation."""
        await self.socket.accept()
        try:
            while True:
                await self._hear(await self._next_frame())
        except WebSocketDisconnect:
            pass
        finally:
            await self._stop_reading()

    async def _next_frame(self) -> str | bytes:
        """A frame of the client, unless the reader ends first."""
        heard = asyncio.create_task(self.socket.receive())
        try:
            reading = {self._reader} if self._reader else set()
            await asyncio.wait({heard, *reading}, return_when=asyncio.FIRST_COMPLETED)
            if not heard.done():
                await self._leave()
            message = heard.result()
        finally:
            heard.cancel()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1000)
        return message.get("text") or message.get("bytes") or ""

    async def _leave(self) -> None:
        assert self._reader is not None
        failure = self._reader.exception()
        self._reader = None
        if isinstance(failure, ServerStopping):
            await self.socket.close(_RESTART, "the server is stopping; connect again")
        elif failure is not None:
            raise failure
        else:
            await self.socket.close(_GONE, "the thread was deleted")
        raise WebSocketDisconnect(_GONE)

    async def _hear(self, raw: str | bytes) -> None:
        try:
            await still_known(self.backend, self.socket)
        except ApiError as error:
            await self.socket.close(_REFUSED, error.detail)
            raise WebSocketDisconnect(_REFUSED) from None
        try:
            command = Command.of(parsed(raw))
        except (ValueError, ApiError) as error:
            detail = error.detail if isinstance(error, ApiError) else _wrong(error)
            await self._say(refusal(None, "invalid_argument", detail))
            return
        match command.method:
            case "subscription.subscribe":
                await self._subscribe(command)
            case "subscription.unsubscribe":
                await self._unsubscribe(command)
            case _:
                await self._say(await answer(self.backend, self.thread_id, command))

    async def _subscribe(self, command: Command) -> None:
        try:
            subscription = Subscription.of(command.params)
        except ApiError as error:
            await self._say(refusal(command.id, "invalid_argument", error.detail))
            return
        if len(self._subscribers) >= _MOST_SUBSCRIPTIONS:
            text = f"{_MOST_SUBSCRIPTIONS} subscriptions are open; end one, or widen one"
            await self._say(refusal(command.id, "invalid_argument", text))
            return
        await self._stop_reading()
        subscriber = _Subscriber(subscription, subscription.since or 0)
        self._subscribers[key := str(uuid7())] = subscriber
        which = {"thread_id": self.thread_id, "after": subscriber.position}
        kept = await self.backend.row("count_thread_events", **which)
        told = {"subscription_id": key, "replayed_events": kept["n"] if kept else 0}
        # The answer goes first: the client knows the subscription before its events come.
        await self._say(success(command.id, told, subscriber.position))
        self._start_reading()

    async def _unsubscribe(self, command: Command) -> None:
        key = command.params.get("subscription_id")
        if not isinstance(key, str) or key not in self._subscribers:
            await self._say(refusal(command.id, "no_such_subscription", f"There is no subscription {key!r}"))
            return
        await self._stop_reading()
        gone = self._subscribers.pop(key)
        await self._say(success(command.id, {}, gone.position))
        self._start_reading()

    def _start_reading(self) -> None:
        if self._subscribers:
            self._reader = asyncio.create_task(self._read(), name=f"protocol {self.thread_id}")

    async def _stop_reading(self) -> None:
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._reader
            self._reader = None

    async def _read(self) -> None:
        subscribers = list(self._subscribers.values())
        after = min(one.position for one in subscribers)
        names = sorted({name for one in subscribers for name in one.subscription.names})
        feed = thread_feed(self.backend, self.thread_id, self.visible, after=after, names=names)
        async for page in feed.pages():
            for row in page:
                await self._tell(row, subscribers)

    async def _tell(self, row: DictRow, subscribers: list[_Subscriber]) -> None:
        news = [one for one in subscribers if one.position < row["event_id"]]
        if is_for_protocol(row) and any(one.subscription.wants(row) for one in news):
            await self.socket.send_text(protocol_event(row)[1])
        for one in news:
            one.position = row["event_id"]

    async def _say(self, message: dict[str, Any]) -> None:
        await self.socket.send_text(wire.dumps_text(message))


def _wrong(error: ValueError) -> str:
    return f"the message {error}" if isinstance(error, TooMuch) else f"no JSON: {error}"
