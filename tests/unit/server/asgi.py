"""An ASGI application of one line, asked in this process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send


async def mirror(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers how it was asked."""
    request = Request(scope, receive)
    client = request.client.host if request.client else None
    seen = {"client": client, "scheme": request.url.scheme, "base": str(request.base_url)}
    await JSONResponse(seen)(scope, receive, send)


async def ask(
    app: ASGIApp, headers: Mapping[str, str] | list[tuple[str, str]] | None = None, *,
    client: str = "127.0.0.1", base: str = "http://127.0.0.1:2024", method: str = "GET",
    path: str = "/threads",
) -> httpx.Response:  # fmt: skip
    """One request from an address."""
    transport = httpx.ASGITransport(app, client=(client, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=base) as http:
        return await http.request(method, path, headers=headers)


def told(response: httpx.Response) -> dict[str, Any]:
    """What the mirror saw."""
    seen: dict[str, Any] = response.json()
    return seen
