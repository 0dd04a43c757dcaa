"""JSON from outside: parsed once, bounded in depth and in the number of its values."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from holdfast_server import wire

# Outside of strings one of these stands before or after every value.
_MARKS = (b",", b"[", b"{")
# Nothing is tried twice: a string that does not end must not cost the square of its length.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
# Every value costs some fifty bytes of memory whatever it says: a body of empty lists grows thirtyfold.
MAX_VALUES = 100_000
# What is longer is parsed on another thread: the API goes on answering.
_LONG = 262_144


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


async def parsed_aside(raw: bytes) -> Any:
    """As `parsed`, and a long one keeps nobody waiting.

    Raises:
        TooMuch, ValueError: as `parsed`.
    """
    return parsed(raw) if len(raw) <= _LONG else await asyncio.to_thread(parsed, raw)


_DEEP = f"is nested deeper than {wire.MAX_DEPTH} levels; flatten it"


def _has_many_values(text: bytes) -> bool:
    marks = _marks(text)
    if marks <= MAX_VALUES:
        return False
    # So many values have at most as many keys, and each string has two quotes.
    if text.count(b'"') - text.count(b'\\"') > 4 * (MAX_VALUES + 1):
        return True
    # One string after the other, so that other threads have their turn in between.
    return marks - sum(_marks(text, *found.span()) for found in _STRING.finditer(text)) > MAX_VALUES


def _marks(text: bytes, start: int = 0, end: int | None = None) -> int:
    return sum(text.count(mark, start, end) for mark in _MARKS)


def _openings(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")
