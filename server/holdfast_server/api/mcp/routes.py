"""`/mcp`: streamable HTTP without sessions; each request stands for itself, on any API process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.types import Receive, Scope, Send

from holdfast_server import wire
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.reply import JsonText
from holdfast_server.api.rpc import Body, Refused, read_body
from holdfast_server.errors import ApiError

if TYPE_CHECKING:
    from holdfast_server.api.mcp.server import Serve

router = APIRouter(tags=["mcp"])
Wiring = Annotated[Backend, Depends(backend_of)]

_EXAMPLE = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}


class _Handed(Response):
    """An answer that the package gives."""

    def __init__(self, serve: Serve, body: Body) -> None:
        super().__init__()
        self._serve = serve
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._serve(self._body, scope, receive, send)


@router.post("/mcp", openapi_extra=_BODY)
@router.post("/mcp/", include_in_schema=False)
async def post(wiring: Wiring, request: Request) -> Response:
    """One message of the Model Context Protocol: a request is answered, a notification acknowledged."""
    try:
        body = await read_body(request)
    except Refused as refused:
        return refused.answer
    request.state.backend = wiring
    return _Handed(await asyncio.to_thread(_server), body)


@router.get("/mcp")
@router.get("/mcp/", include_in_schema=False)
async def get() -> Response:
    """There is no stream from the server beside the answers."""
    detail = "POST JSON-RPC messages here; this server sends nothing unasked"
    return JsonText(wire.dumps({"detail": detail}), status_code=405, headers={"allow": "POST"})


@router.delete("/mcp")
@router.delete("/mcp/", include_in_schema=False)
async def delete() -> Response:
    """There are no sessions to end."""
    raise ApiError(404, "There are no sessions here: each request stands for itself")


def _server() -> Serve:
    # The package takes most of a second to import: who calls first waits for it, not everybody's start.
    from holdfast_server.api.mcp.server import serve

    return serve
