"""The principal: on whose behalf a request, a schedule or a webhook acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from holdfast_server.access.permissions import EVERYTHING, Permission

# How we know who it is: nobody was asked; an API key; a token of an identity provider; the `auth` handler.
How = Literal["open", "key", "oidc", "handler"]
# Where a request remembers who calls, so that nobody is asked twice.
KNOWN = "holdfast.principal"


@dataclass(frozen=True)
class Principal:
    """Who acts.

    Attributes:
        tenant: whose rows this works on.
        user_id: who it is, for people and for the audit; None when nobody was asked.
        roles: as the operator granted them; for people. What decides is `permissions`.
        permissions: what the roles add up to.
        how: how we know who it is.
        user: what the `auth` handler said about the user, as JSON; None when nobody was asked.
        configurable: what every run of this principal gets into its `configurable`.
        native: the handler's own answer, for its `on` handlers.
        key_id: the API key that was shown, whose rate limit holds.
        rate_limit: requests a minute; None: as many as langgraph.json says.
    """

    tenant: str = "default"
    user_id: str | None = None
    roles: frozenset[str] = frozenset({"admin"})
    permissions: frozenset[Permission] = EVERYTHING
    how: How = "open"
    user: Mapping[str, Any] | None = None
    configurable: Mapping[str, Any] = field(default_factory=dict)
    native: Any = None
    key_id: str | None = None
    rate_limit: int | None = None

    def may(self, permission: Permission) -> bool:
        """Whether this is allowed, as far as roles go; an `on` handler may still refuse."""
        return permission in self.permissions

    def described(self) -> dict[str, Any]:
        """What is written down about who acted: `{"user", "roles", "how"}`."""
        return {"user": self.user_id, "roles": sorted(self.roles), "how": self.how}
