"""Single values out of many threads: `{"last": "values.messages[-1].content"}`, paths in JMESPath."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from holdfast_server.errors import ApiError

_ROOTS = ("values", "metadata", "interrupts", "config", "status", "error")


def extraction(paths: Mapping[str, str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Takes a row of `thread` to `{"extracted": {alias: value}}`; to nothing when no paths are given.

    A path that leads nowhere gives null.

    Raises:
        ApiError: 422, a path that cannot be read.
    """
    compiled = {alias: _compiled(alias, path) for alias, path in paths.items()}
    if not compiled:
        return lambda row: {}
    return lambda row: {"extracted": {alias: _value(found, row) for alias, found in compiled.items()}}


def _compiled(alias: str, path: str) -> Any:
    try:
        return jmespath.compile(path)
    except JMESPathError as error:
        reason = str(error).splitlines()[0]
        raise ApiError(422, f"extract.{alias} is {path!r}, which is no path: {reason}") from None


def _value(path: Any, row: Mapping[str, Any]) -> Any:
    try:
        return path.search({root: row[root] for root in _ROOTS})
    except JMESPathError:
        # A function on a value of the wrong type: this thread has no such value.
        return None
