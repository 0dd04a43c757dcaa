"""The front door: every request gets an id, a count and the headers of every answer, whatever answers it."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from holdfast_server import correlation
from holdfast_server.api.headers import AnswerHeaders
from holdfast_server.api.metrics import HttpMeter
from holdfast_server.api.problems import internal_error
from holdfast_server.api.refusing import refuse

logger = logging.getLogger(__name__)

_ID = "x-request-id"
# What others send ends up in logs and headers.
_HARMLESS = re.compile(r"[\x21-\x7e]{1,200}")
# Where whoever knows the route notes it; shared by all copies of a request's scope.
SEEN = "holdfast.seen"
# What begins an answer: of a request, of a WebSocket, of a handshake that is refused.
_BEGINNINGS = ("http.response.start", "websocket.accept", "websocket.http.response.start")


class FrontDoor:
    """ASGI: keeps the caller's x-request-id or makes one, and measures until the answer begins."""

    def __init__(self, app: ASGIApp, meter: HttpMeter, headers: AnswerHeaders) -> None:
        self._app = app
        self._meter = meter
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one WebSocket."""
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        request_id = _request_id(Headers(scope=scope).get(_ID))
        correlation.request_id.set(request_id)
        scope["headers"] = [*_without(scope["headers"]), (_ID.encode(), request_id.encode())]
        scope[SEEN] = {}
        began = time.perf_counter()
        status, seconds, complete = 0, 0.0, False

        async def answer(message: Message) -> None:
            nonlocal status, seconds, complete
            if message["type"] in _BEGINNINGS:
                status, seconds = message.get("status", 101), time.perf_counter() - began
                self._complete(message, scope, request_id)
            complete = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        async def heard() -> Message:
            message = await receive()
            if message["type"] == "websocket.receive" and "pace" in scope[SEEN]:
                # Who talks too fast on a WebSocket is listened to more slowly.
                await scope[SEEN]["pace"]()
            return message

        try:
            await self._app(scope, heard, answer)
        except Exception as error:
            if not status:
                logger.error("%s failed", scope["path"], exc_info=error)
                await refuse(500, internal_error(error))(scope, receive, answer)
            # Starlette raises once more what it has answered with 500; the server would cut the connection.
            elif not complete:
                raise
        finally:
            if scope["type"] == "http":
                self._meter.count(scope["method"], _template(scope), status or 500, seconds)

    def _complete(self, message: Message, scope: Scope, request_id: str) -> None:
        message.setdefault("headers", [])
        headers = MutableHeaders(scope=message)
        headers[_ID] = request_id
        headers.update(scope[SEEN].get("headers", {}))
        if message["type"] != "websocket.accept":
            self._headers.put(message, scope)


def _request_id(given: str | None) -> str:
    return given if given is not None and _HARMLESS.fullmatch(given) else str(uuid7())


def _without(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() != _ID.encode()]


def _template(scope: Scope) -> str:
    """The route's template and never the path itself: a metric for each thread would be no metric."""
    seen = scope[SEEN].get("route")
    route = seen if seen is not None else scope.get("route")
    return str(getattr(route, "path", "unmatched"))
