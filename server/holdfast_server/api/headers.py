"""Headers that keep browsers from doing more with an answer than it was meant for."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Mapping, MutableMapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A year; the lock of browsers on https is only for names, and never for this machine.
_HSTS = "max-age=31536000"
# Of every answer: a type is what it says, and where somebody came from is nobody's business.
_EVERYWHERE = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
# Of our own answers: they are data of somebody's.
_OURS = {"cache-control": "no-store", "x-frame-options": "DENY"}
_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class OwnHeaders:
    """ASGI around our routes: caches keep nothing and frames show nothing, unless the route says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def with_own(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(message, _OURS)
            await send(message)

        await self._app(scope, receive, with_own)


class AnswerHeaders:
    """What every answer carries, as the operator wants it.

    Args:
        chosen: set on every answer; an empty value takes the header away.
    """

    def __init__(self, chosen: Mapping[str, str]) -> None:
        self._chosen = dict(chosen)

    def put(self, message: Message, scope: Scope) -> None:
        """Completes the beginning of an answer."""
        _add(message, _EVERYWHERE)
        if scope["scheme"] in ("https", "wss") and _has_name(scope):
            _add(message, {"strict-transport-security": _HSTS})
        headers = MutableHeaders(scope=message)
        for name, value in self._chosen.items():
            if value:
                headers[name] = value
            elif name in headers:
                del headers[name]


def page_policy(html: bytes) -> str:
    """The Content-Security-Policy of a page of ours: files of this server, and the page's own scripts."""
    hashes = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _INLINE.findall(html))
    scripts = " ".join(("'self'", *(f"'sha256-{value}'" for value in hashes)))
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _add(message: MutableMapping[str, object], headers: Mapping[str, str]) -> None:
    message.setdefault("headers", [])
    present = MutableHeaders(scope=message)
    for name, value in headers.items():
        present.setdefault(name, value)


def _has_name(scope: Scope) -> bool:
    name = Headers(scope=scope).get("host", "").rpartition("@")[2]
    bare = name.partition("]")[0].strip("[") if name.startswith("[") else name.partition(":")[0]
    if not bare or bare == "localhost" or bare.endswith(".localhost"):
        return False
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return True
    return False
