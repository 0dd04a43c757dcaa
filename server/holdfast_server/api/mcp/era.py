"""The two eras of MCP over HTTP: a handshake first, or, since 2026, all facts with every request."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers

from holdfast_server.api.jsonrpc import INVALID_PARAMS, Call, RpcError

HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = ("2026-07-28",)

SERVER_INFO_KEY = "io.modelcontextprotocol/serverInfo"

_HEADER_MISMATCH = -32020
_UNSUPPORTED_VERSION = -32022
_VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
_CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"


def is_modern(headers: Headers) -> bool:
    """Whether a request is of the newer era; without the header it is of the older one.

    Raises:
        RpcError: -32022, a version that nobody here knows.
    """
    asked = headers.get("mcp-protocol-version")
    if asked is None or asked in HANDSHAKE:
        return False
    if asked not in MODERN:
        raise unsupported(asked)
    return True


def unsupported(asked: str) -> RpcError:
    """The refusal of a version, with those that are spoken here."""
    data = {"supported": [*HANDSHAKE, *MODERN], "requested": asked}
    return RpcError(_UNSUPPORTED_VERSION, "Unsupported protocol version", data=data, status=400)


def check_envelope(call: Call, headers: Headers) -> None:
    """What a request of the newer era must carry, and what its headers must repeat.

    Raises:
        RpcError: -32602 a missing key, -32020 header and body disagree.
    """
    meta = call.params.get("_meta")
    keys = meta if isinstance(meta, Mapping) else {}
    if missing := [key for key in (_VERSION_KEY, _CAPABILITIES_KEY) if key not in keys]:
        raise RpcError(INVALID_PARAMS, f"params._meta lacks {', '.join(missing)}", status=400)
    repeated: dict[str, Any] = {"mcp-protocol-version": keys[_VERSION_KEY], "mcp-method": call.method}
    if call.method == "tools/call" and call.params.get("name") is not None:
        repeated["mcp-name"] = call.params["name"]
    for header, value in repeated.items():
        if len(headers.getlist(header)) != 1 or _decoded(headers[header]) != value:
            message = f"The header {header} must be there once and repeat what the body says"
            raise RpcError(_HEADER_MISMATCH, message, status=400)


def _decoded(header: str) -> str | None:
    """Values that no header can hold come as `=?base64?…?=`."""
    if not (header.startswith("=?base64?") and header.endswith("?=")):
        return header
    try:
        return base64.b64decode(header[len("=?base64?") : -2], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
