"""Pydantic's hook that is not promised to stay; `tests/unit/compat` fails when it moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic._internal import _generate_schema


@contextmanager
def any_typed_dict() -> Iterator[None]:
    """Lets pydantic make a schema of `typing.TypedDict`, which it refuses below Python 3.12.

    Most graphs declare their state so. What pydantic fears there (generic ones) fails as before.
    """
    before = _generate_schema._SUPPORTS_TYPEDDICT
    _generate_schema._SUPPORTS_TYPEDDICT = True
    try:
        yield
    finally:
        _generate_schema._SUPPORTS_TYPEDDICT = before
