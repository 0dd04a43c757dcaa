"""Who shows a token of an identity provider: signature, time, audience, and what its claims mean here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from holdfast_server.access.claims import claim, granted, name_of, words
from holdfast_server.access.issuer import Issuer
from holdfast_server.access.key_set import KeySet
from holdfast_server.access.permissions import Permission, permissions_of
from holdfast_server.access.principal import Principal
from holdfast_server.access.provider import Provider
from holdfast_server.access.tenant import tenant_named
from holdfast_server.access.token import INVALID, part_of
from holdfast_server.access.user import User, known_to_runs
from holdfast_server.errors import ApiError

_REFUSALS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired"),
    (jwt.ImmatureSignatureError, "The token is not valid yet"),
    (jwt.InvalidAudienceError, "The token is for another audience"),
    (jwt.InvalidSignatureError, "The signature of the token is wrong"),
    (jwt.InvalidKeyError, "The signature of the token is wrong"),
)


class OidcGate:
    """Turns a token into its principal.

    Args:
        issuer: what it must come from.
        roles: the operator's own.
        keys: of the issuer; made when left out.
    """

    def __init__(
        self, issuer: Issuer, *, roles: Mapping[str, frozenset[Permission]], keys: KeySet | None = None
    ) -> None:
        self._issuer = issuer
        self._roles = roles
        self._provider = Provider(issuer)
        self._keys = keys or KeySet(self._provider.jwks, issuer=issuer.url)

    async def who(self, token: str) -> Principal:
        """Who this token is about.

        Raises:
            ApiError: 401, the token is not good; 403, it lacks what we need to know; 503, no keys.
        """
        return self._principal(await self._checked(token))

    async def close(self) -> None:
        """Ends what is under way; safe twice."""
        await self._keys.close()
        await self._provider.close()

    async def _checked(self, token: str) -> Mapping[str, Any]:
        algorithm, kid = self._announced(token)
        try:
            key = await self._keys.key(kid, algorithm)
            # The clock of this machine, as with every token: providers know nothing of our database's.
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                issuer=self._issuer.url,
                audience=self._issuer.audiences,
                leeway=self._issuer.leeway,
                options={
                    "require": ["exp", "iss", "aud"],
                    "verify_sub": False,
                    "enforce_minimum_key_length": True,
                },
            )
        except jwt.PyJWTError as error:
            raise ApiError(401, _refusal(error), INVALID) from None
        except ApiError as error:
            raise ApiError(error.status, error.detail, INVALID if error.status == 401 else None) from None
        return claims

    def _announced(self, token: str) -> tuple[str, str | None]:
        """What the token says of its signature: an algorithm that we allow, and the id of a key."""
        header = part_of(token, 0)
        algorithm, kid = header.get("alg"), header.get("kid")
        # By the list and not by the token: so "none" and a public key used as a shared secret stay out.
        if algorithm not in self._issuer.algorithms:
            raise ApiError(401, "The token is signed in a way that is not taken here", INVALID)
        if kid is not None and not isinstance(kid, str):
            raise ApiError(401, "The token is malformed: kid is no text", INVALID)
        return algorithm, kid

    def _principal(self, claims: Mapping[str, Any]) -> Principal:
        identity = name_of(claim(claims, self._issuer.user))
        if identity is None:
            raise ApiError(403, f"The token names no user: {self._issuer.user} is missing or no name")
        roles = self._roles_of(claims)
        permissions = permissions_of(roles, self._roles)
        described = {
            "identity": identity,
            "display_name": _display_name(claims, identity),
            "is_authenticated": True,
            "permissions": sorted(permissions),
        }
        user = User({**claims, **described})
        said = user.as_json()
        return Principal(
            tenant=self._tenant_of(claims),
            user_id=identity,
            roles=roles,
            permissions=permissions,
            how="oidc",
            user=said,
            configurable=known_to_runs(said),
            native=user,
        )

    def _roles_of(self, claims: Mapping[str, Any]) -> frozenset[str]:
        path = self._issuer.roles_claim
        named = words(claim(claims, path)) if path else frozenset()
        return granted(named, self._issuer.roles) | frozenset(self._issuer.default_roles)

    def _tenant_of(self, claims: Mapping[str, Any]) -> str:
        path = self._issuer.tenant_claim
        if path is None:
            return self._issuer.tenant
        value = claim(claims, path)
        if value is None:
            raise ApiError(403, f"The token names no tenant: {path} is missing")
        try:
            return tenant_named(name_of(value))
        except ValueError:
            raise ApiError(403, f"The token names no tenant: {path} is no name of one") from None


def _refusal(error: jwt.PyJWTError) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"The token lacks {error.claim}"
    return next((text for kind, text in _REFUSALS if isinstance(error, kind)), "The token is malformed")


def _display_name(claims: Mapping[str, Any], identity: str) -> str:
    for path in ("name", "preferred_username", "email"):
        if found := name_of(claims.get(path)):
            return found
    return identity
