"""A refusal at the door: one sentence, to a request and to the handshake of a WebSocket alike."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from holdfast_server.api.problems import answer

# The close code of a WebSocket that is not welcome.
_POLICY = 1008


def refuse(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> ASGIApp:
    """The application that answers so."""
    response = answer(status, sentence, headers)

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
            await response(scope, receive, send)
        else:
            await WebSocketClose(_POLICY, sentence)(scope, receive, send)

    return refusing
