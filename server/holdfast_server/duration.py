"""A time as people write it: 30m, 24h, 90d, 2w."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = timedelta(days=36_500)


def duration_of(text: str) -> timedelta:
    """The time.

    Raises:
        ValueError: it is none, or more than a hundred years.
    """
    match = re.fullmatch(r"([0-9]{1,9})([smhdw])", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time; write it like 30m, 24h, 90d or 2w")
    found = timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    if found > _LONGEST:
        raise ValueError(f"{text!r} is more than a hundred years")
    return found
