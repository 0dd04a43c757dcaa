"""JSON from outside: parsed once, bounded in depth and in the number of its values."""

from __future__ import annotations

import re
from typing import Any

from holdfast_server import wire

# Outside of strings one of these stands before or after every value.
_MARKS = (b",", b"[", b"{")
# Nothing is tried twice: a string that does not end must not cost the square of its length.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
# Every value costs some fifty bytes of memory whatever it says: a body of empty lists grows thirtyfold.
MAX_VALUES = 500_000


class TooMuch(ValueError):
    """JSON that nobody should have to work with."""


class Unread(TooMuch):
    """So much that it was not even parsed."""


def parsed(raw: bytes | str) -> Any:
    """The value.

    Raises:
        TooMuch: nested too deeply, or of too many values; said without parsing it where it can be.
        ValueError: no JSON.
    """
    text = raw.encode() if isinstance(raw, str) else raw
    if _has_many_values(text):
        raise Unread(f"has more than {MAX_VALUES} values; send less at once, or one long text")
    try:
        value = wire.loads(text)
    except ValueError as error:
        # The parser's own limit lies far above ours.
        raise (Unread(_DEEP) if "depth limit" in str(error) else error) from None
    if _openings(text) >= wire.MAX_DEPTH and wire.depth_of(value) > wire.MAX_DEPTH:
        raise TooMuch(_DEEP)
    return value


_DEEP = f"is nested deeper than {wire.MAX_DEPTH} levels; flatten it"


def _has_many_values(text: bytes) -> bool:
    if _marks(text) <= MAX_VALUES:
        return False
    # So many values have at most as many keys, and each string has two quotes.
    if text.count(b'"') - text.count(b'\\"') > 4 * (MAX_VALUES + 1):
        return True
    return _marks(_STRING.sub(b"", text)) > MAX_VALUES


def _marks(text: bytes) -> int:
    return sum(text.count(mark) for mark in _MARKS)


def _openings(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")
