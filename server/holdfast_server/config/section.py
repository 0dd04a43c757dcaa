"""A section of langgraph.json: typed getters that name the key and the mend when a value is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast_server.errors import ConfigError


@dataclass(frozen=True)
class Section:
    """One object of langgraph.json, and how it is called there (`store.ttl`).

    Raises:
        ConfigError: from every getter whose value has the wrong type.
    """

    path: Path
    name: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, path: Path, name: str, raw: object) -> Section:
        """The object of this name."""
        if not isinstance(raw, dict):
            raise ConfigError(f'{path}: "{name}" is {raw!r}; it must be an object')
        return cls(path, name, raw)

    def section(self, key: str) -> Section | None:
        """The object inside this one, None when it is not there."""
        raw = self.values.get(key)
        return None if raw is None else Section.of(self.path, f"{self.name}.{key}", raw)

    def minutes(self, key: str) -> float | None:
        """A positive number of minutes, None when it is not there."""
        raw = self.values.get(key)
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not 0 < raw < math.inf:
            raise self.wrong(key, "a number of minutes above 0")
        return float(raw)

    def whole(self, key: str, *, at_least: int, at_most: int) -> int | None:
        """A whole number, None when it is not there."""
        raw = self.values.get(key)
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int) or not at_least <= raw <= at_most:
            raise self.wrong(key, f"a whole number from {at_least} to {at_most}")
        return raw

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        raw = self.values.get(key, default)
        if not isinstance(raw, bool):
            raise self.wrong(key, "true or false")
        return raw

    def choice(self, key: str, choices: Sequence[str], *, default: str) -> str:
        """One of these words."""
        raw = self.values.get(key, default)
        if raw not in choices:
            raise self.wrong(key, " or ".join(f'"{choice}"' for choice in choices))
        return str(raw)

    def names(self, key: str, *, default: Sequence[str]) -> tuple[str, ...]:
        """A list of strings that are not empty."""
        raw = self.values.get(key, list(default))
        if not isinstance(raw, list) or not raw or not all(isinstance(n, str) and n for n in raw):
            raise self.wrong(key, f"a list like {list(default)}")
        return tuple(raw)

    def unused(self, *known: str) -> tuple[str, ...]:
        """The keys that nobody reads, by their full names."""
        return tuple(f"{self.name}.{key}" for key in sorted(self.values.keys() - set(known)))

    def wrong(self, key: str, mend: str) -> ConfigError:
        """The error for a value of the wrong type."""
        return ConfigError(f'{self.path}: "{self.name}.{key}" is {self.values.get(key)!r}; it must be {mend}')
