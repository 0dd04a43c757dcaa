"""The section `holdfast` of langgraph.json: what the house does that LangGraph knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from holdfast_server.config.door import DoorConfig, read_door
from holdfast_server.config.section import Section

_KNOWN: tuple[str, ...] = ("http",)


@dataclass(frozen=True)
class HouseConfig:
    """What the section says; every part has its own file and its own default."""

    door: DoorConfig = field(default_factory=DoorConfig)
    unknown_keys: tuple[str, ...] = ()


def read_house(path: Path, value: object) -> HouseConfig:
    """The section; what is absent has its default.

    Raises:
        ConfigError: the sentence names the key and the mend.
    """
    house = Section.of(path, "holdfast", value)
    door = read_door(house.section("http"))
    return HouseConfig(door=door, unknown_keys=(*house.unknown(_KNOWN), *door.unknown_keys))
