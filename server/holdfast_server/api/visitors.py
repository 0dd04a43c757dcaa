"""Which names this server answers to, and which pages may call it, where nobody is asked who they are.

A page of any origin can reach a server on its reader's machine: by its address, or by a name of its own that
it makes resolve to this machine. The browser tells on both: in `Origin`, and in `Host`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast_server.api.metrics import HttpMeter
from holdfast_server.api.refusing import refuse
from holdfast_server.config.http import Cors

# This machine, and LangChain's own pages that people open to look at it: Studio, Agent Chat UI, Agent Inbox.
_KNOWN_PAGES = (
    r"https?://(localhost|([a-z0-9-]+\.)+localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?"
    r"|https://([a-z0-9-]+\.)?smith\.langchain\.com|https://agentchat\.vercel\.app|https://dev\.agentinbox\.ai"
)
OPEN_CORS = Cors(allow_origins=(), allow_origin_regex=_KNOWN_PAGES)

_NAMES = ("localhost", "*.localhost", "host.docker.internal")
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(:\d{1,5})?")
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Visitors:
    """Who may come to the door.

    Attributes:
        is_open: nobody is asked who they are.
        hosts: names that are configured; `*.example.com` stands for what lies below it.
        bound: the name that the server listens on.
        cors: which pages may call; None: the user's application decides.
    """

    is_open: bool = True
    hosts: tuple[str, ...] = ()
    cors: Cors | None = OPEN_CORS
    bound: str = ""

    def knows_host(self, host: str | None) -> bool:
        """Whether this server goes by this name. An address cannot be made to mean something else."""
        if not host or not (self.is_open or self.hosts):
            return True
        name = _name_of(host)
        names = (*_NAMES, *self.hosts, _name_of(self.bound) or "localhost")
        return name is not None and (_is_address(name) or any(_fits(name, known) for known in names))

    def welcomes(self, origin: str, host: str | None, *, carries_cookies: bool, acts: bool) -> bool:
        """Whether a page of this origin may call.

        Who must show a key is protected by it: a page does not have it. Only cookies come by themselves.
        """
        if self.cors is None or (not self.is_open and not (carries_cookies and acts)):
            return True
        own = host is not None and origin.partition("://")[2].lower() == host.lower()
        if self.is_open and "*" in self.cors.allow_origins:
            return True
        named = origin in self.cors.allow_origins
        pattern = self.cors.allow_origin_regex
        return (own and origin != "null") or named or bool(pattern and re.fullmatch(pattern, origin))


class Doorkeeper:
    """ASGI: answers 403 to pages that have no business here, and 421 to names that are not this server's."""

    def __init__(self, app: ASGIApp, visitors: Visitors, meter: HttpMeter, *, prefix: str = "") -> None:
        self._app = app
        # Probes ask by whatever name they have, and learn nothing.
        self._for_everybody = ("/ok", f"{prefix}/ok")
        self._visitors = visitors
        self._meter = meter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan" or scope["path"] in self._for_everybody:
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = hosts[0] if len(hosts) == 1 else None
        if len(hosts) > 1 or not self._visitors.knows_host(host):
            self._meter.refused("host")
            return await refuse(421, _misdirected(", ".join(hosts)))(scope, receive, send)
        acts = scope["type"] == "websocket" or scope["method"] not in _SAFE
        cookies = "cookie" in headers
        for origin in origins:
            if not self._visitors.welcomes(origin, host, carries_cookies=cookies, acts=acts):
                self._meter.refused("origin")
                return await refuse(403, _unwelcome(origin))(scope, receive, send)
        await self._app(scope, receive, send)


def _misdirected(host: str) -> str:
    return f'This server does not go by {host[:200]!r}; add it to "holdfast.http.allowed_hosts"'


def _unwelcome(origin: str) -> str:
    return f'Pages of {origin[:200]!r} may not call; add it to "http.cors.allow_origins" of langgraph.json'


def _name_of(host: str) -> str | None:
    """The host without its port; None when it is neither."""
    found = _HOST.fullmatch(host)
    return found["name"].lower().rstrip(".") if found else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _fits(name: str, known: str) -> bool:
    return name.endswith(known[1:]) if known.startswith("*.") else name == known
