"""What an `authenticate` handler may ask for by the names of its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from starlette.requests import HTTPConnection, Request
from starlette.types import Message

from holdfast_server import wire
from holdfast_server.errors import ConfigError

_OFFERED = (
    "request", "body", "path", "method", "path_params", "query_params", "headers", "authorization", "scope",
)  # fmt: skip


def wanted_by(handler: Callable[..., Any], where: str) -> frozenset[str]:
    """The names that the handler takes.

    Raises:
        ConfigError: it asks for something that there is not.
    """
    wanted = set()
    for name, parameter in inspect.signature(handler).parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if name in _OFFERED and parameter.kind != parameter.POSITIONAL_ONLY:
            wanted.add(name)
        elif parameter.default is parameter.empty:
            raise ConfigError(
                f"{where}: the authenticate handler asks for {name!r}; it may ask for {', '.join(_OFFERED)}"
            )
    return frozenset(wanted)


class RequestHeaders(dict[bytes, bytes]):
    """The headers under their lower-case names as bytes, and under any spelling as texts."""

    def __missing__(self, key: object) -> Any:
        if isinstance(key, str):
            return dict.__getitem__(self, key.lower().encode("latin-1")).decode("latin-1")
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key.lower().encode("latin-1") if isinstance(key, str) else key)

    def get(self, key: Any, default: Any = None) -> Any:
        """One header; bytes for bytes, a text for a text."""
        try:
            return self[key]
        except KeyError:
            return default


async def offered(wanted: frozenset[str], connection: HTTPConnection) -> dict[str, Any]:
    """The values of what the handler wants, none of them tied to this event loop."""
    scope = connection.scope
    raw = await _body(connection) if wanted & {"request", "body"} else b""
    everything: dict[str, Any] = {
        "path": scope["path"],
        "method": scope.get("method", "GET"),
        "path_params": dict(scope.get("path_params") or {}),
        "query_params": dict(connection.query_params),
        "headers": RequestHeaders(scope["headers"]),
        "authorization": connection.headers.get("authorization"),
        "scope": dict(scope),
    }
    if "request" in wanted:
        everything["request"] = _standalone(connection, raw)
    if "body" in wanted:
        everything["body"] = _json(raw)
    return {name: everything[name] for name in wanted}


async def _body(connection: HTTPConnection) -> bytes:
    return await connection.body() if isinstance(connection, Request) else b""


def _json(raw: bytes) -> Any:
    try:
        return wire.loads(raw) if raw.strip() else {}
    except ValueError:
        # Who calls is decided first; that the body is no JSON is said by the route.
        return {}


def _standalone(connection: HTTPConnection, raw: bytes) -> Request:
    async def receive() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    scope = {**connection.scope, "type": "http", "method": connection.scope.get("method", "GET")}
    return Request(scope, receive)
