"""`/a2a/{assistant_id}`: the methods of A2A 1.0 and 0.3 over JSON-RPC, and the agent cards."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.patience import patiently
from holdfast_server.api.published import input_schema_of
from holdfast_server.api.reply import JsonReply
from holdfast_server.api.rpc import Body, Refused, code_and_sentence, read_body, refusal
from holdfast_server.api.which_assistant import resolve
from holdfast_server.errors import ApiError

router = APIRouter(tags=["a2a"])
Wiring = Annotated[Backend, Depends(backend_of)]

_EXAMPLE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "message/send",
    "params": {"message": {"messageId": "1", "role": "user", "parts": [{"kind": "text", "text": "Hello"}]}},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}


@router.post("/a2a/{assistant_id}", openapi_extra=_BODY)
async def post(wiring: Wiring, request: Request, assistant_id: str) -> Response:
    """One call of the Agent2Agent protocol; streaming methods answer with server-sent events."""
    try:
        body = await read_body(request)
    except Refused as refused:
        return refused.answer
    try:
        request.state.backend, request.state.assistant = wiring, await resolve(wiring, assistant_id)
    except ApiError as error:
        # Who may not come in hears it from HTTP too.
        status = error.status if error.status in (401, 403, 404, 503) else 200
        return refusal(body.call_id, *code_and_sentence(error), status)
    package = await asyncio.to_thread(_package)
    again = Request(_versioned(request, body), body.again(request.receive))
    return await patiently(package.dispatch(again))


@router.get("/a2a/{assistant_id}/.well-known/agent-card.json")
async def card(wiring: Wiring, request: Request, assistant_id: str) -> Response:
    """The agent card of an assistant."""
    assistant = await resolve(wiring, assistant_id)
    schema = await input_schema_of(wiring, assistant["graph_id"])
    package = await asyncio.to_thread(_package)
    url = f"{str(request.base_url).rstrip('/')}/a2a/{assistant['assistant_id']}"
    return JsonReply(package.card_of(assistant, schema, url))


@router.get("/.well-known/agent-card.json")
async def any_card(wiring: Wiring, request: Request, assistant_id: str | None = None) -> Response:
    """The agent card of the assistant in the query."""
    if not assistant_id:
        raise ApiError(400, "assistant_id is missing; add ?assistant_id= with an assistant or a graph")
    return await card(wiring, request, assistant_id)


def _package() -> ModuleType:
    # It takes most of a second to import: who calls first waits for it, not everybody's start.
    from holdfast_server.api.a2a import dispatch

    return dispatch


def _versioned(request: Request, body: Body) -> dict[str, Any]:
    """The scope, with the version that the method belongs to where the client names none.

    The package takes silence for 0.3 and refuses methods of 1.0 then; their names leave no doubt.
    """
    if request.headers.get("a2a-version") or "/" in (body.method or "/"):
        return dict(request.scope)
    kept = [(name, value) for name, value in request.scope["headers"] if name != b"a2a-version"]
    return {**request.scope, "headers": [*kept, (b"a2a-version", b"1.0")]}
