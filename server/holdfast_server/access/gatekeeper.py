"""The gatekeeper: asked on every request who calls, and on every route whether they may."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from starlette.requests import HTTPConnection

from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible

Resource = Literal["assistants", "threads", "crons", "store"]
Action = Literal[
    "create", "read", "update", "delete", "search", "create_run", "put", "get", "list_namespaces"
]


class Gatekeeper(Protocol):
    """Who may call, and what they may do; LangGraph's `auth` semantics."""

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Who calls, from the headers of a request or of a WebSocket's handshake.

        Raises:
            ApiError: 401 or whatever the handler answers.
        """
        ...

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        """What the caller may see of this kind; `value` is what the action is about and may be changed.

        Raises:
            ApiError: 403.
        """
        ...


class OpenHouse:
    """Lets everybody do everything, as one tenant: the server of one's own machine."""

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Nobody is asked."""
        return _ANYBODY

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        """Everything is visible."""
        return None


_ANYBODY = Principal()
