"""A reference: `secret:NAME` as a whole value, or `${{ secret:NAME }}` within a text of langgraph.json."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from holdfast_server.config.secrets import is_name

_WITHIN = re.compile(r"\$\{\{\s*secret:([^\s}]+)\s*\}\}")
_START = "secret:"


def referred(text: object) -> str | None:
    """The name that a text refers to as a whole; None when it is no reference."""
    if not isinstance(text, str) or not text.startswith(_START):
        return None
    name = text.removeprefix(_START)
    return name if is_name(name) else None


def names_in(text: str) -> list[str]:
    """The names that a text of langgraph.json refers to, as a whole or within."""
    whole = referred(text)
    return _WITHIN.findall(text) if whole is None else [whole]


def filled(text: str, resolve: Callable[[str], str]) -> str:
    """A text of langgraph.json with its references resolved."""
    whole = referred(text)
    return _WITHIN.sub(lambda match: resolve(match[1]), text) if whole is None else resolve(whole)


async def resolved_value(value: Any, resolve: Callable[[str], Awaitable[str]]) -> Any:
    """A value of a context with every text that is a reference resolved; the given one stays as it is."""
    match value:
        case str():
            name = referred(value)
            return value if name is None else await resolve(name)
        case dict():
            return {key: await resolved_value(item, resolve) for key, item in value.items()}
        case list():
            return [await resolved_value(item, resolve) for item in value]
    return value
