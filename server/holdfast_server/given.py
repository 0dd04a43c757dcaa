"""The environment as the operator gave it: what the house reads, after user code no longer sees it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import MappingProxyType

# Ours: they open the house's own database and never reach user code. A value in `env` of langgraph.json does.
_PREFIX = "HOLDFAST_"
_NAMES = {"DATABASE_URL"}

_kept: Mapping[str, str] | None = None


def given() -> Mapping[str, str]:
    """Where the house looks variables up: what `keep` kept, before that the process's environment.

    In a worker it holds no more than the house needs there: our own variables, PostgreSQL's, and those that
    langgraph.json mentions by name.
    """
    return os.environ if _kept is None else _kept


def keep(variables: Mapping[str, str]) -> None:
    """From now on `given` answers this, whatever becomes of the process's environment."""
    global _kept
    _kept = MappingProxyType(dict(variables))


def hide_ours() -> None:
    """Takes our variables out of the process's environment; `given` still has them."""
    keep(given())
    for name in [name for name in os.environ if is_ours(name)]:
        del os.environ[name]


def is_ours(name: str) -> bool:
    """Whether a variable is the house's own."""
    return name in _NAMES or name.startswith(_PREFIX)
