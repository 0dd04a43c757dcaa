"""The config that clients give to a run or an assistant: refused when a graph could not run with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast_server.api.body import storable
from holdfast_server.errors import ApiError


def checked_config(config: Mapping[str, Any]) -> None:
    """Checks what the server itself reads of a config.

    Raises:
        ApiError: 422, naming the field and what it must be.
    """
    storable("config", config)
    for name in ("configurable", "metadata"):
        value = config.get(name)
        if value is not None and not isinstance(value, dict):
            raise ApiError(422, f"config.{name} is a {type(value).__name__}; it must be an object")
    limit = config.get("recursion_limit")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise ApiError(422, f"config.recursion_limit is {limit!r}; it must be an integer of at least 1")
    tags = config.get("tags")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise ApiError(422, f"config.tags is {tags!r}; it must be a list of strings")
