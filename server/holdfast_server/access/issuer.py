"""An identity provider whose tokens are taken, and what its claims mean here."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from holdfast_server.access.tenant import DEFAULT

# Asymmetric only: with a shared secret everybody who can check a token could also make one.
ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """One provider.

    Attributes:
        url: the `iss` of its tokens, letter by letter.
        audiences: one of these must be in the token's `aud`.
        jwks_uri: where its keys are; None: where its discovery document says.
        user: path of the claim that names the user.
        tenant_claim: path of the claim that names the tenant; None: everybody is of `tenant`.
        roles_claim: path of the claim whose values `roles` translates.
        default_roles: what everybody has whom the provider knows.
        leeway: seconds by which clocks may differ.
    """

    url: str
    audiences: tuple[str, ...]
    jwks_uri: str | None = None
    algorithms: tuple[str, ...] = ALGORITHMS
    user: str = "sub"
    tenant_claim: str | None = None
    tenant: str = DEFAULT
    roles_claim: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    default_roles: tuple[str, ...] = ()
    leeway: int = 30


def may_be_asked(url: object) -> bool:
    """Whether keys may be fetched from there: over https, or from this machine."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host or "")))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
