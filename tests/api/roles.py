"""A house whose callers say their roles in a header: the real application, on a real stack's database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast, get_args

import httpx
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import Action, Resource
from holdfast_server.access.permissions import Permission, permissions_of
from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible
from holdfast_server.api.app import make_app
from holdfast_server.config.webhooks import UrlPolicy, Webhooks
from holdfast_server.settings import Settings
from holdfast_server.workers.rescuer import Rescuer

Headers = dict[str, str]


class AsTheySay:
    """Believes `x-roles`, where a permission is a role too that grants nothing else."""

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        roles = [role for role in connection.headers.get("x-roles", "").split(",") if role]
        singles = {p: frozenset({cast(Permission, p)}) for p in get_args(Permission)}
        permissions = permissions_of(roles, singles)
        return Principal(user_id="ada", roles=frozenset(roles), permissions=permissions, how="key")

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        return None


def a(*roles: str) -> Headers:
    """The headers of somebody with these roles."""
    return {"x-roles": ",".join(roles)}


def house(database: str) -> FastAPI:
    """The application."""
    nearby = Webhooks(url=UrlPolicy(disable_loopback=False))
    settings = Settings(database_url=database)
    return make_app(settings, companion=Rescuer, gatekeeper=AsTheySay(), webhooks=nearby)


@asynccontextmanager
async def calling(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that is running already."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=30) as http:
        yield http


async def raw(app: Any, method: str, path: str, headers: Headers, *, body: bytes = b"") -> int:
    """The status of an answer to a request that no client library has put right."""
    scope = _scope("http", path, headers) | {"method": method}
    return await _status(app, scope, [{"type": "http.request", "body": body, "more_body": False}])


async def shake_hands(app: Any, path: str, headers: Headers) -> int:
    """The status of a WebSocket's handshake; 101 when it is accepted."""
    scope = _scope("websocket", path, headers) | {"extensions": {"websocket.http.response": {}}}
    return await _status(app, scope, [{"type": "websocket.connect"}])


def _scope(kind: str, path: str, headers: Headers) -> dict[str, Any]:
    return {
        "type": kind, "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "subprotocols": [],
    }  # fmt: skip


async def _status(app: Any, scope: dict[str, Any], messages: list[dict[str, Any]]) -> int:
    answers: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        gone = "http.disconnect" if scope["type"] == "http" else "websocket.disconnect"
        return messages.pop(0) if messages else {"type": gone, "code": 1000}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    await app(scope, receive, send)
    first = answers[0]
    return 101 if first["type"] == "websocket.accept" else int(first.get("status", 403))
