"""What a caller must be permitted for something, and the sentence of a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast_server.access.permissions import Permission, ordered
from holdfast_server.access.principal import Principal
from holdfast_server.errors import ApiError


@dataclass(frozen=True)
class Need:
    """Sets of permissions, one of which a caller must hold as a whole.

    Attributes:
        alternatives: the sets; the empty set is held by everybody whom we know.
        public: nobody is even asked who they are.
    """

    alternatives: tuple[frozenset[Permission], ...]
    public: bool = False

    def is_met_by(self, caller: Principal) -> bool:
        """Whether the caller holds one of the alternatives."""
        return any(alternative <= caller.permissions for alternative in self.alternatives)

    def __str__(self) -> str:
        if self.public:
            return "public"
        return " or ".join(" and ".join(ordered(one)) for one in self.alternatives) or "nobody"


PUBLIC = Need((frozenset(),), public=True)
ANYBODY = Need((frozenset(),))


def needs(*permissions: Permission) -> Need:
    """All of these."""
    return Need((frozenset(permissions),))


def either(*permissions: Permission) -> Need:
    """One of these; which of them is decided by what the body asks for."""
    return Need(tuple(frozenset({permission}) for permission in permissions))


def require(caller: Principal, what: str, need: Need) -> None:
    """Refuses who is not permitted; `what` begins the sentence.

    Raises:
        ApiError: 403.
    """
    if not need.is_met_by(caller):
        raise ApiError(403, f"{what} needs the permission {need}; {_roles(caller)}")


def _roles(caller: Principal) -> str:
    if not caller.roles:
        return "you have no role that grants it"
    return f"your roles ({', '.join(sorted(caller.roles))}) do not grant it"
