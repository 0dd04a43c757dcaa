"""Behind proxies: X-Forwarded-* is believed from those that the operator names, and from nobody else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast_server.config.door import Network

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_SECURE = {"http": "https", "ws": "wss"}


class Proxied:
    """ASGI: scheme, host and client as the nearest trusted proxy saw them.

    Each proxy appends the address it was called from, so the list is read from its end: the first address
    that is no trusted proxy is the client. What stands before it, the client may have written itself.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self._app = app
        self._trusted = tuple(trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        client = scope.get("client")
        if scope["type"] != "lifespan" and client and self._trusts(client[0]):
            headers = Headers(scope=scope)
            scope["client"] = (self._client(headers.getlist("x-forwarded-for"), client[0]), 0)
            scheme = _last(headers.getlist("x-forwarded-proto")).lower()
            if scheme in ("https", "wss"):
                scope["scheme"] = _SECURE.get(scope["scheme"], scope["scheme"])
            host = _last(headers.getlist("x-forwarded-host"))
            if _HOST.fullmatch(host):
                scope["headers"] = list(scope["headers"])
                MutableHeaders(scope=scope)["host"] = host
        await self._app(scope, receive, send)

    def _client(self, lines: Sequence[str], peer: str) -> str:
        nearest = peer
        for text in reversed([part.strip() for line in lines for part in line.split(",")]):
            address = _address(text)
            if address is None:
                # Whoever wrote this, the proxy after it was the last that can be believed.
                return nearest
            nearest = str(address)
            if not self._trusts(nearest):
                return nearest
        return nearest

    def _trusts(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self._trusted)


def _last(values: Sequence[str]) -> str:
    """What the nearest proxy said."""
    return values[-1].rpartition(",")[2].strip() if values else ""


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in `1.2.3.4`, `1.2.3.4:5`, `::1` or `[::1]:5`; IPv4 in the clothes of IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
