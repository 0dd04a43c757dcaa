"""The section `holdfast.access` of langgraph.json: who may call, and what roles there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from holdfast_server.access.issuer import Issuer
from holdfast_server.access.permissions import ROLES, Permission, custom_roles
from holdfast_server.config.oidc import read_issuers
from holdfast_server.config.section import Section
from holdfast_server.errors import ConfigError

_KNOWN = ("keys", "oidc", "handler", "roles")


@dataclass(frozen=True)
class HandlerFields:
    """Paths of what the `auth` handler says about tenant and roles; None: `default` and `developer`."""

    tenant: str | None = None
    roles: str | None = None


@dataclass(frozen=True)
class AccessConfig:
    """Who may call.

    Attributes:
        keys: nobody comes in unasked: API keys are demanded of who shows nothing better.
        issuers: identity providers whose tokens are taken.
        handler: what the `auth` handler's users have.
        roles: the operator's own, beside the built-in ones.
    """

    keys: bool = False
    issuers: tuple[Issuer, ...] = ()
    handler: HandlerFields = field(default_factory=HandlerFields)
    roles: Mapping[str, frozenset[Permission]] = field(default_factory=dict)

    @property
    def asks(self) -> bool:
        """Whether callers are asked who they are, also without an `auth` handler."""
        return self.keys or bool(self.issuers)


def read_access(path: Path, value: object) -> AccessConfig:
    """The section; absent, everything has its default.

    Raises:
        ConfigError: something is wrong or unknown; a slip of the pen must not open the house.
    """
    section = Section.of(path, "holdfast.access", value)
    section.refuse_unknown(_KNOWN)
    roles = _roles(section)
    handler = section.section("handler") or Section(path, "holdfast.access.handler", {})
    handler.refuse_unknown(("tenant", "roles"))
    return AccessConfig(
        keys=section.flag("keys"),
        issuers=read_issuers(section, {*ROLES, *roles}),
        handler=HandlerFields(handler.text("tenant"), handler.text("roles")),
        roles=roles,
    )


def _roles(access: Section) -> dict[str, frozenset[Permission]]:
    try:
        return custom_roles(access.values.get("roles"))
    except ConfigError as error:
        raise ConfigError(f"{access.path}: {error}") from None
