"""How much a request may bring and how long it may take to bring it: line, headers, body."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast_server.api.metrics import HttpMeter
from holdfast_server.api.refusing import refuse
from holdfast_server.settings import Settings

# Below this a body makes no progress to speak of.
_BYTES_PER_SECOND = 1000


class HeadLimit:
    """ASGI: answers 414 and 431 to a line or headers that are longer than anybody needs."""

    def __init__(self, app: ASGIApp, settings: Settings, meter: HttpMeter) -> None:
        self._app = app
        self._url, self._head = settings.max_url, settings.max_head
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        url = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        head = url + sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if url > self._url:
            self._meter.refused("url")
            sentence = f"Path and query are longer than {self._url} bytes; send a body instead"
            return await refuse(414, sentence)(scope, receive, send)
        if head > self._head:
            self._meter.refused("head")
            sentence = f"The headers are longer than {self._head} bytes; send fewer or shorter ones"
            return await refuse(431, sentence)(scope, receive, send)
        await self._app(scope, receive, send)


class BodyLimit:
    """ASGI: answers 413 to what is or gets too large, and 408 to what trickles."""

    def __init__(self, app: ASGIApp, settings: Settings, meter: HttpMeter) -> None:
        self._app = app
        self._limit = settings.max_body
        self._patience = settings.body_timeout
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdecimal() and (len(announced) > 18 or int(announced) > self._limit):
            self._meter.refused("body")
            return await refuse(413, self._sentence)(scope, receive, send)
        await self._app(scope, _Body(self, receive).next, send)

    def too_large(self, read: int) -> bool:
        """Whether so many bytes are too many."""
        return read > self._limit

    def patience(self, read: int) -> float:
        """How long so many bytes may have taken together, in seconds."""
        return self._patience + read / _BYTES_PER_SECOND

    def refusal(self, *, slow: bool) -> HTTPException:
        """What the application answers with when it reads on."""
        self._meter.refused("slow" if slow else "body")
        if slow:
            sentence = f"The body did not arrive within {self._patience:g} s; send it again, faster"
            return HTTPException(408, sentence, {"connection": "close"})
        return HTTPException(413, self._sentence)

    @property
    def _sentence(self) -> str:
        return f"The body is larger than {self._limit} bytes; send less, or raise HOLDFAST_MAX_BODY"


@dataclass
class _Body:
    """The body of one request while it comes; only time spent waiting for the client counts."""

    limit: BodyLimit
    receive: Receive
    read: int = 0
    waited: float = 0.0
    complete: bool = False

    async def next(self) -> Message:
        """The next piece; after the last one this waits for the client to hang up, as long as it takes."""
        if self.complete:
            return await self.receive()
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.limit.patience(self.read) - self.waited):
                message = await self.receive()
        except TimeoutError:
            raise self.limit.refusal(slow=True) from None
        self.waited += time.monotonic() - began
        self.complete = not message.get("more_body", False)
        self.read += len(message.get("body", b""))
        if self.limit.too_large(self.read):
            raise self.limit.refusal(slow=False)
        return message
