"""Tails: the end of a text that still grows is held back while it may be the beginning of a secret."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from holdfast_server.masking.masker import MASKER

# What speaks, which of its texts this is, and which of several of that kind.
Key = tuple[Hashable, str, object]


@dataclass
class Tails:
    """Masks texts that come in pieces."""

    _held: dict[Key, str] = field(default_factory=dict)

    def next(self, key: Key, piece: str) -> str:
        """What can be said after this piece."""
        text = MASKER.text(self._held.pop(key, "") + piece)
        if held := MASKER.open_end(text):
            self._held[key] = text[-held:]
            return text[:-held]
        return text

    def rest(self, key: Key) -> str:
        """What was held back of a text that is over."""
        return self._held.pop(key, "")

    def rests(self, speaker: Hashable, kind: str) -> list[tuple[object, str]]:
        """The same, of all texts of a kind."""
        keys = [key for key in self._held if key[:2] == (speaker, kind)]
        return [(key[2], self.rest(key)) for key in keys]
