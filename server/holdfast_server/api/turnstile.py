"""The turnstile: counts callers whom the gatekeeper knows, and wrong credentials where they come from."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import Action, Gatekeeper, Resource
from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible
from holdfast_server.api.metrics import HttpMeter, Reason
from holdfast_server.api.rates import Limiter, Verdict
from holdfast_server.config.door import DoorConfig, Rate
from holdfast_server.errors import ApiError

_COUNTED = "holdfast.counted"
_CREDENTIALS = ("authorization", "x-api-key", "x-service-key")
_GUESSED = "Too many wrong credentials from this address"
_REMEMBERED = 10_000


class Turnstile:
    """A gatekeeper around another one.

    Who guesses keys from an address keeps that address from guessing on, but nobody out whose credentials
    were right before: one stranger behind a proxy does not lock out the others. The same wrong credentials
    again are no new guess: a client that was set up wrongly locks out nobody at all.
    """

    def __init__(self, gatekeeper: Gatekeeper, limiter: Limiter, door: DoorConfig, meter: HttpMeter) -> None:
        self._gatekeeper = gatekeeper
        self._limiter = limiter
        self._door = door
        self._meter = meter
        self._secret = secrets.token_bytes(32)
        self._right, self._wrong = _Memory(), _Memory()

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Who calls; counted once for a request, a stream or a WebSocket's handshake.

        Raises:
            ApiError: 401 or whatever the gatekeeper answers; 429 when it is too often.
        """
        shown = self._digests(connection.headers)
        origin = _origin(connection)
        self._check_guesses(origin, shown)
        try:
            caller = await self._gatekeeper.authenticate(connection)
        except ApiError as refusal:
            if refusal.status == 401:
                await self._count_guess(origin, shown)
            raise
        if caller.how != "open":
            self._right.add(*shown)
        await self._count(caller, origin, connection)
        return caller

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        """As the gatekeeper says."""
        return await self._gatekeeper.authorize(caller, resource, action, value)

    async def _count(self, caller: Principal, origin: str, connection: HTTPConnection) -> None:
        rate = Rate.per_minute(caller.rate_limit) if caller.rate_limit else self._door.rate_limit
        if rate is None or connection.scope.get(_COUNTED):
            return
        connection.scope[_COUNTED] = True
        name = _name_of(caller, origin)
        verdict = await self._limiter.take(name, rate)
        headers = _headers(rate, verdict)
        seen = connection.scope.get("holdfast.seen", {})
        seen["headers"] = headers
        seen["pace"] = partial(self._limiter.pace, name, rate)
        if not verdict.allowed:
            raise self._refusal("rate", f"More than {_said(rate)}", verdict.wait, headers)

    def _check_guesses(self, origin: str, shown: Sequence[bytes]) -> None:
        if self._door.failed_logins is None or not shown or any(one in self._right for one in shown):
            return
        if wait := self._limiter.is_empty(_guesses_of(origin)):
            raise self._refusal("logins", _GUESSED, wait, {})

    async def _count_guess(self, origin: str, shown: Sequence[bytes]) -> None:
        """Counts what was wrong; a guess too many is not told how it was."""
        if self._door.failed_logins is None or all(one in self._wrong for one in shown):
            return
        self._wrong.add(*shown)
        verdict = await self._limiter.take(_guesses_of(origin), self._door.failed_logins)
        if not verdict.allowed:
            raise self._refusal("logins", _GUESSED, verdict.wait, {})

    def _refusal(self, reason: Reason, what: str, wait: float, headers: Mapping[str, str]) -> ApiError:
        self._meter.refused(reason)
        seconds = max(1, math.ceil(wait))
        sentence = f"{what}; try again in {seconds} s"
        return ApiError(429, sentence, {**headers, "retry-after": str(seconds)})

    def _digests(self, headers: Headers) -> tuple[bytes, ...]:
        """What was shown, so that it is recognised and cannot be read; cookies where nothing else is.

        Browsers bring cookies of all kinds along, which say nothing about a key beside them.
        """
        shown = [(name, value) for name in _CREDENTIALS for value in headers.getlist(name)]
        shown = shown or [("cookie", value) for value in headers.getlist("cookie")]
        return tuple(self._digest(*one) for one in shown)

    def _digest(self, name: str, value: str) -> bytes:
        return hashlib.blake2b(f"{name} {value}".encode(), key=self._secret, digest_size=16).digest()


class _Memory:
    """The last so many digests."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._kept

    def add(self, *digests: bytes) -> None:
        """Remembers them, and forgets the oldest when there are too many."""
        for digest in digests:
            self._kept[digest] = None
            self._kept.move_to_end(digest)
            if len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)


def _name_of(caller: Principal, origin: str) -> str:
    """Whose bucket it is: the key's, the user's, or the address's where nobody was asked."""
    if caller.key_id is not None:
        return f"key {caller.tenant} {caller.key_id}"
    user = caller.user_id or (caller.user or {}).get("identity")
    if user is not None:
        return f"user {caller.tenant} {hashlib.sha256(str(user).encode()).hexdigest()}"
    return f"address {origin}"


def _guesses_of(origin: str) -> str:
    return f"guesses {origin}"


def _origin(connection: HTTPConnection) -> str:
    """The address; of IPv6 the network, because whoever has one address there has 2^64."""
    host = connection.client.host if connection.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host[:100]
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


def _headers(rate: Rate, verdict: Verdict) -> dict[str, str]:
    reset = rate.seconds * (1 - verdict.remaining / rate.requests) if verdict.allowed else verdict.wait
    return {
        "ratelimit-limit": str(rate.requests),
        "ratelimit-remaining": str(min(verdict.remaining, rate.requests)),
        "ratelimit-reset": str(max(0, math.ceil(reset))),
    }


def _said(rate: Rate) -> str:
    unit = {1: "second", 60: "minute", 3600: "hour"}[rate.seconds]
    return f"{rate.requests} requests a {unit}"
