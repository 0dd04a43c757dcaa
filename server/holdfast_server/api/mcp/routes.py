"""`/mcp`: streamable HTTP without sessions; each request stands for itself, on any API process."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from holdfast_server import wire
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.following import guarded
from holdfast_server.api.jsonrpc import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    Call,
    RpcError,
    checked_params,
    failure,
    read_call,
    result,
)
from holdfast_server.api.keepalive import kept_alive
from holdfast_server.api.mcp import calls
from holdfast_server.api.mcp.era import HANDSHAKE, MODERN, SERVER_INFO_KEY, check_envelope, is_modern
from holdfast_server.api.mcp.tools import Json, Tool, shown, tools_of
from holdfast_server.api.reply import JsonText
from holdfast_server.api.sse import frame
from holdfast_server.errors import ApiError

router = APIRouter(tags=["mcp"])
Wiring = Annotated[Backend, Depends(backend_of)]

_PAGE = 100
_CAPABILITIES: Json = {"tools": {"listChanged": False}}
_INSTRUCTIONS = "Every tool is an assistant: a LangGraph application that runs on this server."
_EXAMPLE: Json = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
_BODY: Json = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}


class InitializeParams(BaseModel):
    """What a client says first."""

    protocolVersion: str


class ListParams(BaseModel):
    """Where in a list to go on."""

    cursor: str | None = None


class CallMeta(BaseModel):
    """What comes with a call besides its arguments."""

    progressToken: str | int | None = None


class CallParams(BaseModel):
    """Which tool, with what."""

    name: str
    arguments: dict[str, Any] | None = None
    meta: CallMeta | None = Field(default=None, alias="_meta")


@dataclass(frozen=True)
class _Exchange:
    """One call of one caller."""

    backend: Backend
    call: Call
    modern: bool
    streams: bool

    def answer(self, value: Json, *, fresh_for: int | None = None) -> bytes:
        """The answer; the newer era wants to know whether it is complete and how long a list keeps."""
        if self.modern:
            keeps = {} if fresh_for is None else {"ttlMs": fresh_for, "cacheScope": "private"}
            value = value | keeps | {"resultType": "complete"}
        return result(self.call.id, value)


@router.post("/mcp", openapi_extra=_BODY)
@router.post("/mcp/", include_in_schema=False)
async def post(wiring: Wiring, request: Request) -> Response:
    """One message of the Model Context Protocol: a request is answered, a notification acknowledged."""
    call, modern = None, False
    try:
        call = await read_call(request)
        modern = is_modern(request.headers)
        if call.is_notification:
            return Response(status_code=202)
        if call.id is None:
            raise RpcError(INVALID_PARAMS, "id is null; it must be a string or an integer", status=400)
        if modern:
            check_envelope(call, request.headers)
        streams = "text/event-stream" in request.headers.get("accept", "")
        return await _answered(_Exchange(wiring, call, modern, streams))
    except (RpcError, ApiError) as error:
        return _refusal(call, error, modern=modern)


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


async def _answered(exchange: _Exchange) -> Response:
    call = exchange.call
    match call.method:
        case "initialize":
            return JsonText(exchange.answer(_initialized(checked_params(InitializeParams, call.params))))
        case "server/discover" if exchange.modern:
            return JsonText(exchange.answer(_discovered(), fresh_for=0))
        case "ping":
            return JsonText(exchange.answer({}))
        case "tools/list":
            return JsonText(exchange.answer(await _listed(exchange), fresh_for=0))
        case "tools/call":
            return await _called(exchange)
    status = 404 if exchange.modern else 200
    raise RpcError(METHOD_NOT_FOUND, f"Method not found: {call.method}", status=status)


def _initialized(params: InitializeParams) -> Json:
    spoken = params.protocolVersion if params.protocolVersion in HANDSHAKE else HANDSHAKE[-1]
    return _self() | {"protocolVersion": spoken, "serverInfo": _identity()}


def _discovered() -> Json:
    return _self() | {"supportedVersions": [*HANDSHAKE, *MODERN], "_meta": {SERVER_INFO_KEY: _identity()}}


def _self() -> Json:
    return {"capabilities": _CAPABILITIES, "instructions": _INSTRUCTIONS}


def _identity() -> Json:
    return {"name": "Holdfast", "version": version("holdfast")}


async def _listed(exchange: _Exchange) -> Json:
    cursor = checked_params(ListParams, exchange.call.params).cursor or "0"
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise RpcError(INVALID_PARAMS, f"cursor is {cursor!r}; send the nextCursor of the page before")
    tools, begin = await tools_of(exchange.backend), int(cursor)
    end = begin + _PAGE
    more = {"nextCursor": str(end)} if end < len(tools) else {}
    return {"tools": await shown(exchange.backend, tools[begin:end])} | more


async def _called(exchange: _Exchange) -> Response:
    params = checked_params(CallParams, exchange.call.params)
    tool = await _tool(exchange.backend, params.name)
    try:
        run = await calls.start(exchange.backend, tool, params.arguments or {})
    except ApiError as error:
        if error.status >= 500:
            raise
        return JsonText(exchange.answer(calls.failed(error.detail)))
    answers = kept_alive(calls.answer_of(exchange.backend, run))
    token = params.meta.progressToken if params.meta else None
    if token is not None and exchange.streams:
        chunks, media = _with_progress(exchange, answers, token), "text/event-stream"
    else:
        chunks, media = _late(exchange, answers), "application/json"
    # Nobody could collect the result later, so whoever hangs up has cancelled the call.
    body = guarded(exchange.backend, run, chunks, cancel=True)
    return StreamingResponse(body, media_type=media, headers={"cache-control": "no-store"})


async def _tool(backend: Backend, name: str) -> Tool:
    for tool in await tools_of(backend):
        if tool.name == name:
            return tool
    raise RpcError(INVALID_PARAMS, f"Unknown tool: {name}")


async def _late(exchange: _Exchange, answers: AsyncGenerator[Json | None]) -> AsyncGenerator[bytes]:
    """The answer, after newlines that keep the connection: JSON may begin with white space."""
    async for answer in answers:
        yield b"\n" if answer is None else exchange.answer(answer)


async def _with_progress(
    exchange: _Exchange, answers: AsyncGenerator[Json | None], token: str | int
) -> AsyncGenerator[bytes]:
    """The answer as an event, after notifications on which clients extend their patience."""
    beats = 0
    async for answer in answers:
        if answer is not None:
            yield frame("message", exchange.answer(answer).decode())
            continue
        beats += 1
        params = {"progressToken": token, "progress": beats, "message": "The run goes on."}
        note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
        yield frame("message", wire.dumps_text(note))


def _refusal(call: Call | None, error: RpcError | ApiError, *, modern: bool) -> Response:
    rpc = error if isinstance(error, RpcError) else RpcError.of(error)
    status = 400 if modern and rpc.status == 200 else rpc.status
    return JsonText(failure(call.id if call else rpc.call_id, rpc), status_code=status)
