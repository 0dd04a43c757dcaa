"""Permissions, and the roles that bundle them: our own, and those of langgraph.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Literal, cast, get_args

from holdfast_server.errors import ConfigError

Permission = Literal[
    "assistants.read",
    "assistants.write",
    "threads.read",
    "threads.write",
    "threads.delete",
    "runs.read",
    "runs.create",
    "runs.cancel",
    "runs.redrive",
    "approvals.decide",
    "store.read",
    "store.write",
    "crons.read",
    "crons.pause",
    "crons.write",
    "webhooks.read",
    "house.read",
    "audit.read",
    "keys.manage",
]
EVERYTHING: frozenset[Permission] = frozenset(get_args(Permission))

_READS: frozenset[Permission] = frozenset({
    "assistants.read", "threads.read", "runs.read", "store.read", "crons.read",
})  # fmt: skip

# viewer reads; operator keeps it running at 3 a.m.; approver answers what waits for a person; developer
# does all that the LangGraph API can; auditor reads also who did what; admin does everything in its tenant.
ROLES: Mapping[str, frozenset[Permission]] = {
    "viewer": _READS,
    "operator": _READS | {"runs.cancel", "runs.redrive", "crons.pause", "webhooks.read", "house.read"},
    "approver": _READS | {"approvals.decide"},
    "developer": EVERYTHING - {"audit.read", "keys.manage"},
    "auditor": _READS | {"webhooks.read", "house.read", "audit.read"},
    "admin": EVERYTHING,
}


def permissions_of(
    roles: Iterable[str], custom: Mapping[str, frozenset[Permission]] | None = None
) -> frozenset[Permission]:
    """What roles add up to; `custom` are the operator's own. A role that nobody defined grants nothing."""
    known = {**(custom or {}), **ROLES}
    return frozenset().union(*(known.get(role, frozenset()) for role in roles))


def custom_roles(value: object, *, where: str = "holdfast.access.roles") -> dict[str, frozenset[Permission]]:
    """The operator's own roles: `{"night-shift": ["runs.read", "runs.cancel"]}`; `runs.*` and `*.read` too.

    Args:
        value: what langgraph.json says; None is no roles.
        where: its key there, for errors.

    Raises:
        ConfigError: no object, a role of ours, an unknown permission, a role that grants nothing.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(
            f'"{where}" is {value!r}; it must be an object like {{"night-shift": ["runs.read"]}}'
        )
    return {_named(name, where): _granted(name, listed, where) for name, listed in value.items()}


def _named(name: str, where: str) -> str:
    if not name.strip() or name != name.strip() or not name.isprintable():
        raise ConfigError(f'"{where}" has a role named {name!r}; give it a name without spaces around it')
    if name.lower() in ROLES:
        own = ", ".join(ROLES)
        raise ConfigError(
            f'"{where}" defines {name!r}, which is a role of Holdfast ({own}); choose another name'
        )
    return name


def _granted(name: str, listed: object, where: str) -> frozenset[Permission]:
    if not isinstance(listed, list) or not listed or not all(isinstance(item, str) for item in listed):
        raise ConfigError(
            f'"{where}.{name}" is {listed!r}; it must be a list like ["runs.read", "runs.cancel"]'
        )
    return frozenset().union(*(_meant(pattern, f"{where}.{name}") for pattern in listed))


def _meant(pattern: str, where: str) -> frozenset[Permission]:
    """The permissions of one entry, where `*` stands for a whole part of the name."""
    found = frozenset(permission for permission in EVERYTHING if _fits(pattern, permission))
    if found:
        return found
    near = get_close_matches(pattern, sorted(EVERYTHING), n=3)
    guess = f"; did you mean {' or '.join(near)}?" if near else "."
    known = ", ".join(sorted(EVERYTHING))
    raise ConfigError(f'"{where}" has {pattern!r}, which is no permission{guess} There are: {known}')


def _fits(pattern: str, permission: str) -> bool:
    if pattern == "*":
        return True
    wanted, had = pattern.split("."), permission.split(".")
    return len(wanted) == len(had) and all(w in ("*", h) for w, h in zip(wanted, had, strict=True))


def ordered(permissions: Iterable[Permission]) -> list[Permission]:
    """Permissions in the order in which this file names them."""
    named = cast(tuple[Permission, ...], get_args(Permission))
    return sorted(frozenset(permissions), key=named.index)
