"""The front door: every request gets an id and is counted, whatever answers it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from holdfast_server.api.metrics import HttpMeter

_ID = "x-request-id"
# What others send ends up in logs and headers.
_HARMLESS = re.compile(r"[\x21-\x7e]{1,200}")
# Where whoever knows the route notes it; shared by all copies of a request's scope.
SEEN = "holdfast.seen"


class FrontDoor:
    """ASGI: keeps the caller's x-request-id or makes one, and measures until the answer begins."""

    def __init__(self, app: ASGIApp, meter: HttpMeter) -> None:
        self._app = app
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request_id = _request_id(Headers(scope=scope).get(_ID))
        scope["headers"] = [*_without(scope["headers"]), (_ID.encode(), request_id.encode())]
        scope[SEEN] = {}
        began = time.perf_counter()
        status, seconds, complete = 500, 0.0, False

        async def answer(message: Message) -> None:
            nonlocal status, seconds, complete
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
                MutableHeaders(scope=message)[_ID] = request_id
            complete = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception:
            # Starlette raises once more what it has answered with 500; the server would cut the connection.
            if not complete:
                raise
        finally:
            self._meter.count(scope["method"], _template(scope), status, seconds)


def _request_id(given: str | None) -> str:
    return given if given is not None and _HARMLESS.fullmatch(given) else str(uuid7())


def _without(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() != _ID.encode()]


def _template(scope: Scope) -> str:
    """The route's template and never the path itself: a metric for each thread would be no metric."""
    seen = scope[SEEN].get("route")
    route = seen if seen is not None else scope.get("route")
    return str(getattr(route, "path", "unmatched"))
