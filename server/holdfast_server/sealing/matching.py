"""Comparisons of JSON as PostgreSQL makes them, for what PostgreSQL cannot read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KINDS = {bool: "boolean", int: "number", float: "number", str: "string", list: "array", dict: "object"}


def kind_of(value: object) -> str:
    """The type of a JSON value, as `jsonb_typeof` names it."""
    return _KINDS.get(type(value), "null")


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; `true` is not 1, and 1 is 1.0."""
    if kind_of(one) != kind_of(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def contains(whole: Any, part: Any) -> bool:
    """Whether one JSON value contains the other, as `@>` sees it."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(
            k in whole and contains(whole[k], v) for k, v in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(contains(w, p) for w in whole) for p in part)
    return equal(whole, part)


def order_of(one: Any, other: Any) -> int | None:
    """Negative, zero or positive for values of one type; None for values that have no order.

    Texts are ordered by code points, whatever the collation of the database is.
    """
    if kind_of(one) != kind_of(other):
        return None
    if isinstance(one, list):
        return len(one) - len(other) or next((o for o in map(order_of, one, other) if o != 0), 0)
    if kind_of(one) in ("boolean", "number", "string"):
        return int(one > other) - int(one < other)
    return 0 if equal(one, other) else None
