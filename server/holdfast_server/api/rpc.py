"""What stands in front of the protocol packages: bodies bounded and strictly JSON, refusals as JSON-RPC."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from psycopg import InterfaceError, OperationalError
from psycopg.errors import DataError
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from holdfast_server.api.problems import internal_error
from holdfast_server.api.reply import JsonReply
from holdfast_server.api.stopping import ServerStopping
from holdfast_server.errors import ApiError, HoldfastError
from holdfast_server.settings import MAX_MESSAGE
from holdfast_server.untrusted import TooMuch, Unread, parsed_aside

logger = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

# Text and structured data; files belong into a store, with their address in the message.
MAX_BODY = MAX_MESSAGE


class Refused(HoldfastError):
    """A body that no package gets to see.

    Args:
        code: of JSON-RPC.
        sentence: for the client.
        status: of the HTTP answer.
    """

    def __init__(self, code: int, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.answer = refusal(None, code, sentence, status)


@dataclass(frozen=True)
class Body:
    """The body of a request, read once for us and once more for the package."""

    raw: bytes
    value: Any

    @property
    def method(self) -> str | None:
        """What is called."""
        method = self.value.get("method") if isinstance(self.value, Mapping) else None
        return method if isinstance(method, str) else None

    @property
    def call_id(self) -> str | int | None:
        """Whose answer a refusal is."""
        call_id = self.value.get("id") if isinstance(self.value, Mapping) else None
        return call_id if isinstance(call_id, str | int) and not isinstance(call_id, bool) else None

    def again(self, receive: Receive) -> Receive:
        """The stream of the request, with this body in front."""
        first: list[Message] = [{"type": "http.request", "body": self.raw, "more_body": False}]

        async def replayed() -> Message:
            return first.pop() if first else await receive()

        return replayed


async def read_body(request: Request) -> Body:
    """The body of a call.

    Raises:
        Refused: too long, no JSON, or nested too deeply.
    """
    raw = b""
    with suppress(ClientDisconnect):
        raw = await _limited(request.stream())
    try:
        return Body(raw, await parsed_aside(raw))
    except TooMuch as error:
        code = PARSE_ERROR if isinstance(error, Unread) else INVALID_REQUEST
        raise Refused(code, f"The body {error}") from None
    except ValueError as error:
        raise Refused(PARSE_ERROR, f"The body is no JSON: {error}") from None


async def _limited(chunks: AsyncIterator[bytes]) -> bytes:
    read = bytearray()
    async for chunk in chunks:
        read += chunk
        if len(read) > MAX_BODY:
            raise Refused(INVALID_REQUEST, f"The body is longer than {MAX_BODY} bytes", 413)
    return bytes(read)


def refusal(call_id: str | int | None, code: int, sentence: str, status: int) -> Response:
    """An error answer."""
    error = {"code": code, "message": sentence}
    return JsonReply({"jsonrpc": "2.0", "id": call_id, "error": error}, status_code=status)


def code_and_sentence(error: Exception) -> tuple[int, str]:
    """What goes wrong in here, as JSON-RPC says it; only what nobody expects is logged."""
    match error:
        case ApiError():
            code = INVALID_REQUEST if error.status in (401, 403) else INVALID_PARAMS
            return (INTERNAL_ERROR if error.status >= 500 else code), error.detail
        case DataError():
            return INVALID_PARAMS, f"The database cannot store this value: {str(error).splitlines()[0]}"
        case ServerStopping():
            return INTERNAL_ERROR, "The server is stopping; connect again"
        case OperationalError() | InterfaceError() | PoolTimeout():
            logger.warning("database away: %s", str(error).strip())
            return INTERNAL_ERROR, "The database does not answer; try again in a moment"
    logger.error("a call over MCP or A2A failed", exc_info=error)
    return INTERNAL_ERROR, internal_error(error)
