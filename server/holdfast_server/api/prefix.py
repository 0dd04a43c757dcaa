"""Serves everything under a path of its own, such as `/agents`."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast_server.api.problems import answer

# Probes know a process and not its prefix.
_EVERYWHERE = ("/ok", "/metrics")
_LOCATIONS = ("location", "content-location")


class Prefixed:
    """ASGI: the application below a prefix; its locations carry it, so that clients find them again."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan" or scope["path"] in _EVERYWHERE:
            return await self._app(scope, receive, send)
        if scope["path"] == self._prefix:
            scope["path"] += "/"
        if not scope["path"].startswith(self._prefix + "/"):
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 1000})
            return await answer(404, f"Not Found; everything is below {self._prefix}")(scope, receive, send)
        scope["root_path"] = scope.get("root_path", "") + self._prefix

        async def located(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._locate(message)
            await send(message)

        await self._app(scope, receive, located)

    def _locate(self, message: Message) -> None:
        message.setdefault("headers", [])
        headers = MutableHeaders(scope=message)
        for name in _LOCATIONS:
            where = headers.get(name)
            if where and where.startswith("/") and not where.startswith(self._prefix + "/"):
                headers[name] = self._prefix + where
