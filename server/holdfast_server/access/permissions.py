"""Permissions and the roles that bundle them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

Permission = Literal[
    "assistants.read",
    "assistants.write",
    "threads.read",
    "threads.write",
    "runs.create",
    "runs.read",
    "runs.cancel",
    "approvals.decide",
    "store.read",
    "store.write",
    "crons.read",
    "crons.write",
    "webhooks.read",
    "audit.read",
    "house.read",
    "keys.manage",
]
EVERYTHING: frozenset[Permission] = frozenset(get_args(Permission))

_READS: frozenset[Permission] = frozenset({
    "assistants.read", "threads.read", "runs.read", "store.read", "crons.read",
})  # fmt: skip

# viewer reads; operator keeps it running at 3 a.m.; approver answers what waits for a person; developer
# builds and runs; auditor reads also who did what; admin does everything in its tenant.
ROLES: Mapping[str, frozenset[Permission]] = {
    "viewer": _READS,
    "operator": _READS | {"runs.cancel", "crons.write", "webhooks.read", "house.read"},
    "approver": _READS | {"approvals.decide"},
    "developer": _READS
    | {
        "assistants.write", "threads.write", "runs.create", "runs.cancel", "approvals.decide",
        "store.write", "crons.write", "webhooks.read", "house.read",
    },
    "auditor": _READS | {"webhooks.read", "house.read", "audit.read"},
    "admin": EVERYTHING,
}  # fmt: skip


def permissions_of(
    roles: Iterable[str], custom: Mapping[str, frozenset[Permission]] | None = None
) -> frozenset[Permission]:
    """What roles add up to; `custom` are the operator's own. A role that nobody defined grants nothing."""
    known = {**ROLES, **(custom or {})}
    return frozenset().union(*(known.get(role, frozenset()) for role in roles))
