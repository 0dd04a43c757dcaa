"""JSON-RPC 2.0 over HTTP, as MCP and A2A use it: requests read strictly, answers and errors written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from holdfast_server import wire
from holdfast_server.errors import ApiError, HoldfastError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

Params = TypeVar("Params", bound=BaseModel)
CallId = str | int | None
# Text and structured data; files belong into a store, with their address in the message.
MAX_BODY = 16 * 1024 * 1024


class RpcError(HoldfastError):
    """An error answer.

    Args:
        code: of JSON-RPC or of the protocol on top.
        message: one sentence for the client.
        data: more, for programs.
        status: of the HTTP answer.
        call_id: whose answer it is, when that could be read.
    """

    def __init__(
        self, code: int, message: str, *, data: Any = None, status: int = 200, call_id: CallId = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.status = status
        self.call_id = call_id

    @classmethod
    def of(cls, error: ApiError) -> RpcError:
        """The same refusal, as JSON-RPC says it; who may not come in hears it from HTTP too."""
        status = error.status if error.status in (401, 403, 404, 503) else 200
        code = INTERNAL_ERROR if error.status >= 500 else INVALID_PARAMS
        return cls(INVALID_REQUEST if error.status in (401, 403) else code, error.detail, status=status)


@dataclass(frozen=True)
class Call:
    """A request, or a notification, which nobody answers."""

    id: CallId
    method: str
    params: Mapping[str, Any]
    is_notification: bool = False


async def read_call(request: Request) -> Call:
    """The one call in a body.

    Raises:
        RpcError: -32700 no JSON, -32600 no JSON-RPC request, -32602 params are no object.
    """
    try:
        body = wire.loads(await _body(request))
    except ValueError as error:
        raise RpcError(PARSE_ERROR, f"The body is no JSON: {error}", status=400) from None
    if not isinstance(body, dict):
        raise _invalid(f"The body is {_kind(body)}; send one JSON-RPC request object")
    call_id = body.get("id")
    if isinstance(call_id, bool) or not isinstance(call_id, str | int | None):
        raise _invalid(f"id is {_kind(call_id)}; it must be a string or an integer")
    if body.get("jsonrpc") != "2.0":
        raise _invalid('jsonrpc must be "2.0"', call_id)
    if not isinstance(body.get("method"), str):
        raise _invalid("method must be a string", call_id)
    if wire.depth_of(body) > wire.MAX_DEPTH:
        raise _invalid(f"The body is nested deeper than {wire.MAX_DEPTH} levels; flatten it", call_id)
    params = body.get("params")
    if not isinstance(params, dict | None):
        raise RpcError(INVALID_PARAMS, f"params is {_kind(params)}; it must be an object", call_id=call_id)
    return Call(call_id, body["method"], params or {}, "id" not in body)


def checked_params(model: type[Params], params: Mapping[str, Any]) -> Params:
    """The params as a model.

    Raises:
        RpcError: -32602 with a sentence that names every wrong field.
    """
    try:
        return model.model_validate(params)
    except ValidationError as error:
        wrong = [(".".join(map(str, e["loc"])) or "params", e["msg"]) for e in error.errors()[:5]]
        sentence = "; ".join(f"{where}: {what}" for where, what in wrong)
        raise RpcError(INVALID_PARAMS, f"The params do not fit: {sentence}") from None


def result(call_id: CallId, value: Any) -> bytes:
    """The answer to a call."""
    return wire.dumps({"jsonrpc": "2.0", "id": call_id, "result": value})


def failure(call_id: CallId, error: RpcError) -> bytes:
    """The error answer to a call."""
    more = {} if error.data is None else {"data": error.data}
    said = {"code": error.code, "message": error.message, **more}
    return wire.dumps({"jsonrpc": "2.0", "id": call_id, "error": said})


async def _body(request: Request) -> bytes:
    """The body, read no further than it may be long."""
    read = bytearray()
    try:
        async for chunk in request.stream():
            read += chunk
            if len(read) > MAX_BODY:
                raise RpcError(INVALID_REQUEST, f"The body is longer than {MAX_BODY} bytes", status=413)
    except ClientDisconnect:
        raise _invalid("The body broke off") from None
    return bytes(read)


def _invalid(message: str, call_id: CallId = None) -> RpcError:
    return RpcError(INVALID_REQUEST, message, status=400, call_id=call_id)


def _kind(value: object) -> str:
    names: dict[type, str] = {
        dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number",
        float: "a number",
    }  # fmt: skip
    return names.get(type(value), "null")
