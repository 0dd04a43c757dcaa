"""The section `holdfast` of langgraph.json: what the house does that LangGraph knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from holdfast_server.config.section import Section
from holdfast_server.config.workers import WorkersConfig, read_workers

_KNOWN: tuple[str, ...] = ("workers",)


@dataclass(frozen=True)
class HouseConfig:
    """What the section says; every part has its own file and its own default."""

    unknown_keys: tuple[str, ...] = ()
    workers: WorkersConfig = field(default_factory=WorkersConfig)


def read_house(path: Path, value: object) -> HouseConfig:
    """The section; what is absent has its default.

    Raises:
        ConfigError: the sentence names the key and the mend.
    """
    house = Section.of(path, "holdfast", value)
    workers = read_workers(path, house.values.get("workers"))
    return HouseConfig(unknown_keys=(*house.unknown(_KNOWN), *workers.unknown_keys), workers=workers)
