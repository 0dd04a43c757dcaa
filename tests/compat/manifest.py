"""The manifest: what clients rely on, one entry a behaviour, in behaviours/<part>.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "behaviours"


@dataclass(frozen=True)
class Behaviour:
    """One thing that a client of the ecosystem relies on, and where that is known from."""

    name: str
    source: str
    sentence: str


def behaviours(folder: Path = FOLDER) -> list[Behaviour]:
    """Every entry of every file, those with the same name too.

    Raises:
        tomllib.TOMLDecodeError: a file is no TOML, or names a behaviour twice.
        TypeError: an entry has more or less than `source` and `sentence`.
    """
    found = []
    for file in sorted(folder.glob("*.toml")):
        for name, entry in tomllib.loads(file.read_text()).items():
            found.append(Behaviour(name, **entry))
    return found


def faults(listed: list[Behaviour], proved: dict[str, list[str]]) -> list[str]:
    """What is wrong with the manifest, given the tests that prove each behaviour; one sentence each."""
    names = [behaviour.name for behaviour in listed]
    return [
        *(f"{name} is listed twice" for name in sorted({n for n in names if names.count(n) > 1})),
        *(f"{b.name} has no sentence" for b in listed if not b.sentence.strip()),
        *(f"{b.name} has no source" for b in listed if not b.source.strip()),
        *(f"{name} is listed and no test proves it" for name in names if not proved.get(name)),
        *(
            f"{name} is named by {proved[name][0]} and not listed"
            for name in sorted(proved.keys() - {*names})
        ),
    ]
