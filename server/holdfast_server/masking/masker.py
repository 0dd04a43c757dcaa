"""The masker: knows what is secret in this process and replaces it wherever values leave the process."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from holdfast_server.masking.needles import needles

logger = logging.getLogger(__name__)

# Shorter values are no secret that could be kept, and turn up everywhere.
SHORTEST = 6
# Values that everybody uses: to mask them would tear names and words of every state.
_ORDINARY = frozenset({
    "password", "passwort", "postgres", "postgresql", "changeme", "secret", "holdfast", "default", "example",
    "enabled", "disabled", "localhost", "langgraph", "database", "development", "production", "123456",
    "12345678", "message", "messages", "content", "unknown", "undefined",
})  # fmt: skip
# A provider may give a new value at every use; the last ones are kept.
_KEPT = 16
# Of a value that a model says word by word, so much is held back to see whether it is one.
_LONGEST_BEGINNING = 256
# The key of a caller; its first part is its public name and stays, so that two keys never look the same.
_KEY = re.compile(rb"(?<![A-Za-z0-9])(hf_[a-z0-9]{8}_)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
_BEARER = re.compile(r"(?i)\b((?:bearer|basic)\s+|authorization['\"]?\s*[:=]\s*['\"]?)([\w.~+/=-]{8,})")


@dataclass(frozen=True)
class _Found:
    """What is known, ready to be looked for.

    Attributes:
        finder: finds the needles.
        masks: what stands in the place of each.
        beginnings: how a value may begin that is not all there yet.
        longest: of the beginnings, in characters.
    """

    finder: BytesAhoCorasick
    masks: list[bytes]
    beginnings: frozenset[str]
    longest: int


class Masker:
    """Replaces every known value, in every form, by a mask of as many bytes.

    Because the length stays, MessagePack, JSON and text stay valid: serialized bytes can be masked. With
    nothing known, masking costs a search for the prefix of API keys. Safe to use from any thread.

    Attributes:
        in_json: whether `wire` masks the JSON it writes. A worker's leaves for the database, unread; an API's
            is the answer to its caller, made from what was masked before.
    """

    def __init__(self) -> None:
        self.in_json = False
        self._lock = threading.Lock()
        self._values: dict[str, list[str]] = {}
        self._found: _Found | None = None
        self._stale = False
        self._warned: set[str] = set()

    def learn(self, name: str, value: str) -> None:
        """Remembers a value as secret; one that cannot be masked is warned about, by name."""
        if value in self._values.get(name, ()):
            return
        if len(value) < SHORTEST or value.lower() in _ORDINARY:
            if name not in self._warned:
                self._warned.add(name)
                logger.warning(
                    "secret %s is too short or too ordinary a word to be masked; choose a longer one", name
                )
            return
        with self._lock:
            self._values[name] = [*self._values.get(name, ()), value][-_KEPT:]
            self._stale = True

    def knows(self, value: str) -> bool:
        """Whether a value is remembered, under whatever name."""
        return any(value in known for known in self._values.values())

    def forget(self) -> None:
        """Knows nothing any more."""
        with self._lock:
            self._values, self._found, self._stale = {}, None, False
        self._warned.clear()

    def bytes(self, data: bytes) -> bytes:
        """Masks serialized bytes; the length stays."""
        found = self._newest()
        if found is not None and (hits := found.finder.find_matches_as_indexes(data)):
            masked = bytearray(data)
            for which, start, end in hits:
                masked[start:end] = found.masks[which]
            data = bytes(masked)
        return _KEY.sub(_without_key, data) if b"hf_" in data else data

    def text(self, text: str) -> str:
        """Masks a text; the same object when there is nothing to mask."""
        if self._found is None and not self._stale and "hf_" not in text:
            return text
        data = text.encode("utf-8", "surrogatepass")
        masked = self.bytes(data)
        return text if masked == data else masked.decode("utf-8", "surrogatepass")

    def said(self, text: str) -> str:
        """Masks what is said to people: also whatever looks like the value of an Authorization header."""
        text = self.text(text)
        lower = text.lower()
        if not any(word in lower for word in ("bearer", "basic", "authorization")):
            return text
        return _BEARER.sub(lambda match: match[1] + "*" * len(match[2]), text)

    def value(self, value: Any) -> Any:
        """Masks the texts in lists, objects and bytes; everything else is as it was."""
        match value:
            case str():
                return self.text(value)
            case bytes():
                return self.bytes(value)
            case dict():
                return {self.value(k): self.value(v) for k, v in value.items()}
            case list():
                return [self.value(item) for item in value]
            case tuple() if type(value) is tuple:
                return tuple(self.value(item) for item in value)
        return value

    def open_end(self, text: str) -> int:
        """How many characters at the end of a text may be the beginning of a known value."""
        found = self._newest()
        if found is None:
            return 0
        lengths = range(min(found.longest, len(text)), 0, -1)
        return next((n for n in lengths if text[-n:] in found.beginnings), 0)

    def _newest(self) -> _Found | None:
        if not self._stale:
            return self._found
        with self._lock:
            if self._stale:
                self._found, self._stale = _ready(self._values), False
            return self._found


def _ready(values: Mapping[str, list[str]]) -> _Found | None:
    masks: dict[bytes, bytes] = {}
    beginnings: set[str] = set()
    for name, known in values.items():
        for value in known:
            masks |= needles(name, value)
            beginnings.update(value[:n] for n in range(1, min(len(value), _LONGEST_BEGINNING)))
    if not masks:
        return None
    # The longest wins: a secret may begin with another one.
    finder = BytesAhoCorasick(list(masks), matchkind=MatchKind.LeftmostLongest)
    return _Found(finder, list(masks.values()), frozenset(beginnings), max(map(len, beginnings)))


def _without_key(match: re.Match[bytes]) -> bytes:
    return match[1] + b"*" * 43


MASKER = Masker()
"""The one of this process. It starts knowing nothing; `runtime` and every resolved secret teach it."""
