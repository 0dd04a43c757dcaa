"""The gatekeeper of the house: API keys, tokens of identity providers, or whoever else says who calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import Action, Gatekeeper, Resource
from holdfast_server.access.key_gate import KeyGate
from holdfast_server.access.key_text import looks_like_key
from holdfast_server.access.permissions import Permission
from holdfast_server.access.principal import KNOWN, Principal
from holdfast_server.access.token import issuer_of
from holdfast_server.access.visible import Visible
from holdfast_server.db.pool import Pool
from holdfast_server.errors import ApiError

if TYPE_CHECKING:
    from holdfast_server.access.oidc import OidcGate


class HouseGate:
    """Finds the source that a credential belongs to; what one source refuses, no other is asked about.

    Args:
        issuers: whose tokens are taken, by their `iss`.
        roles: the operator's own.
        others: asked about everybody who shows neither a key nor such a token; None: they get 401.
        rules: the `on` handlers; they rule people, and not keys, which are the house's own.
    """

    def __init__(
        self,
        *,
        issuers: Mapping[str, OidcGate],
        roles: Mapping[str, frozenset[Permission]],
        others: Gatekeeper | None,
        rules: Gatekeeper | None,
    ) -> None:
        self._issuers = issuers
        self._roles = roles
        self._others = others
        self._rules = rules
        self._keys: KeyGate | None = None

    @asynccontextmanager
    async def open(self, pool: Pool) -> AsyncIterator[None]:
        """While this is open keys are known; they are looked up through this pool."""
        self._keys = KeyGate(pool, self._roles)
        try:
            yield
        finally:
            self._keys = None
            for issuer in self._issuers.values():
                await issuer.close()

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Who calls; asked once for a request.

        Raises:
            ApiError: 401, nobody we know; 403, somebody of no tenant; 503, we cannot find out.
        """
        known = connection.scope.get(KNOWN)
        if not isinstance(known, Principal):
            known = await self._who(connection)
            connection.scope[KNOWN] = known
        return known

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        """As the `on` handlers say; a key sees all that its roles and its tenant let it see."""
        if self._rules is None or caller.how == "key":
            return None
        return await self._rules.authorize(caller, resource, action, value)

    async def _who(self, connection: HTTPConnection) -> Principal:
        bearer = _bearer(connection)
        for shown in (connection.headers.get("x-api-key", "").strip(), bearer):
            if looks_like_key(shown):
                return await self._of_key(shown)
        if (issuer := self._issuers.get(issuer_of(bearer) or "")) is not None:
            return await issuer.who(bearer)
        if self._others is not None:
            return await self._others.authenticate(connection)
        raise _stranger(connection, bearer, takes_tokens=bool(self._issuers))

    async def _of_key(self, shown: str) -> Principal:
        if self._keys is None:
            raise ApiError(503, "The server is not open yet, or not any more; try again")
        return await self._keys.who(shown)


def _bearer(connection: HTTPConnection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _stranger(connection: HTTPConnection, bearer: str, *, takes_tokens: bool) -> ApiError:
    ways = "an API key in x-api-key" + (" or a bearer token" if takes_tokens else "")
    if not connection.headers.get("x-api-key") and not connection.headers.get("authorization"):
        return ApiError(401, f"Say who you are: send {ways}", {"www-authenticate": "Bearer"})
    what = (
        "This token is of an issuer that is not known here" if issuer_of(bearer) else "This is no key of ours"
    )
    return ApiError(401, f"{what}; send {ways}", {"www-authenticate": "Bearer"})
