"""What claims say: a value at a path, the roles and the tenant that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_LONGEST_NAME = 255


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path such as `realm_access.roles`; None where nothing is.

    A claim that has the whole path as its name comes first: `https://app.example/roles` is one of Auth0's.
    """
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def words(value: Any) -> frozenset[str]:
    """The texts of a list, or of a text that lists them with spaces between, as `scope` does."""
    if isinstance(value, str):
        return frozenset({value, *value.split()})
    if isinstance(value, list | tuple):
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset()


def name_of(value: Any) -> str | None:
    """The name of a user or a tenant: a text or a number; None when it is nothing that can be kept."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    usable = isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()
    return value if usable and value.strip() else None


def granted(values: Iterable[str], roles: Mapping[str, str]) -> frozenset[str]:
    """The roles that these claim values stand for; one that nobody named grants nothing."""
    return frozenset(roles[value] for value in values if value in roles)
