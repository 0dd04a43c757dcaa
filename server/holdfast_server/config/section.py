"""One section of langgraph.json, read key by key; what is wrong or unknown is said with its full name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast_server.errors import ConfigError


@dataclass(frozen=True)
class ObjectPath:
    """Where an object of the user's lives: `source` is a file or a module, `name` the object in it."""

    source: str
    name: str


@dataclass(frozen=True)
class Section:
    """The object under a key of langgraph.json; `name` is that key, such as `http.cors`."""

    path: Path
    name: str
    values: Mapping[str, Any]

    @classmethod
    def of(cls, path: Path, name: str, value: object) -> Section:
        """The section; absent is empty.

        Raises:
            ConfigError: it is no object.
        """
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise ConfigError(f'{path}: "{name}" is {value!r}; it must be an object')
        return cls(path, name, value)

    def section(self, key: str) -> Section | None:
        """A section in this one; None when it is absent."""
        value = self.values.get(key)
        return None if value is None else Section.of(self.path, f"{self.name}.{key}", value)

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.wrong(key, "must be true or false")
        return default if value is None else value

    def text(self, key: str) -> str | None:
        """A text."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, str):
            raise self.wrong(key, "must be a text")
        return value

    def minutes(self, key: str) -> float | None:
        """A positive number of minutes; None when it is absent."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            raise self.wrong(key, "must be a number of minutes above 0")
        return float(value)

    def whole(self, key: str, *, at_least: int, at_most: int | None = None) -> int | None:
        """A whole number; None when it is absent."""
        value = self.values.get(key)
        if value is None:
            return None
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or value < at_least or (at_most is not None and value > at_most):
            bounds = f"of at least {at_least}" if at_most is None else f"from {at_least} to {at_most}"
            raise self.wrong(key, f"must be a whole number {bounds}")
        return int(value)

    def choice(self, key: str, choices: Sequence[str], *, default: str) -> str:
        """One of these words."""
        value = self.values.get(key, default)
        if value not in choices:
            raise self.wrong(key, "must be " + " or ".join(f'"{choice}"' for choice in choices))
        return str(value)

    def names(self, key: str) -> tuple[str, ...] | None:
        """A list of texts."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.wrong(key, 'must be a list of texts, such as ["a", "b"]')
        return tuple(value)

    def object_path(self, key: str) -> ObjectPath | None:
        """The path of an object, written as "./file.py:name" or "module:name"."""
        source, _, name = (self.text(key) or "").rpartition(":")
        if self.values.get(key) is not None and not (source and name):
            raise self.wrong(key, 'must be written as "./file.py:name" or "module:name"')
        return ObjectPath(source, name) if source else None

    def unknown(self, known: Iterable[str]) -> tuple[str, ...]:
        """The full names of the keys that are not among these."""
        return tuple(f"{self.name}.{key}" for key in sorted(self.values.keys() - set(known)))

    def refuse_unknown(self, known: Sequence[str]) -> None:
        """Raises ConfigError for a key that is not among these: a slip of the pen must not open the house."""
        if unknown := self.unknown(known):
            listed = ", ".join(known)
            raise ConfigError(f'{self.path}: "{unknown[0]}" means nothing; "{self.name}" knows {listed}')

    def wrong(self, key: str, must: str) -> ConfigError:
        """The error for a value that cannot be used."""
        return ConfigError(f'{self.path}: "{self.name}.{key}" is {self.values.get(key)!r}; it {must}')
