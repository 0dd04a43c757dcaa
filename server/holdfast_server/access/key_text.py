"""The text of an API key: `hf_<8 characters that are shown>_<43 that are secret>`."""

from __future__ import annotations

import re
import secrets
import string
from dataclasses import dataclass, field
from hashlib import sha256

# No "-" and no "_": a double click takes the whole part, and scanners for leaked secrets need no escapes.
_ALPHABET = string.ascii_letters + string.digits
_SHOWN = 8
# 62 ** 43 > 2 ** 256.
_SECRET = 43
# Also of a key that lost its end: it is refused as a key, and no other source is asked about it.
_BEGINNING = re.compile(r"hf_[A-Za-z0-9]{8}_")


@dataclass(frozen=True)
class NewKey:
    """A key that nobody has yet."""

    prefix: str
    text: str = field(repr=False)

    @classmethod
    def drawn(cls) -> NewKey:
        """A random one."""
        prefix = "hf_" + _random(_SHOWN)
        return cls(prefix, f"{prefix}_{_random(_SECRET)}")


def looks_like_key(text: str) -> bool:
    """Whether this is meant to be a key of ours; tokens of other makers begin with `hf_` too."""
    return _BEGINNING.match(text) is not None


def hashed(text: str) -> bytes:
    """What is kept of a key.

    A fast hash, as for no password: among 2 ** 256 keys there is nothing to try out. Finding the hash by an
    index gives its timing to nobody either, because who does not know the key cannot choose the hash.
    """
    return sha256(text.encode("utf-8", "surrogateescape")).digest()


def prefix_in(text: str) -> str:
    """The prefix that a person names: with `hf_` or without, or inside of a whole key."""
    match = _BEGINNING.match(text)
    if match:
        return match.group()[:-1]
    return f"hf_{text}" if re.fullmatch(rf"[A-Za-z0-9]{{{_SHOWN}}}", text) else text


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
