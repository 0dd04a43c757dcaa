"""The section `holdfast` of langgraph.json: what the house does that LangGraph knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from holdfast_server.config.sealing import SealingConfig, read_sealing
from holdfast_server.config.section import Section

_KNOWN: tuple[str, ...] = ("sealing",)


@dataclass(frozen=True)
class HouseConfig:
    """What the section says; every part has its own file and its own default."""

    unknown_keys: tuple[str, ...] = ()
    sealing: SealingConfig | None = None


def read_house(path: Path, value: object) -> HouseConfig:
    """The section; what is absent has its default.

    Raises:
        ConfigError: the sentence names the key and the mend.
    """
    house = Section.of(path, "holdfast", value)
    sealing = read_sealing(house.section("sealing"))
    unknown = (*house.unknown(_KNOWN), *(sealing.unknown_keys if sealing else ()))
    return HouseConfig(unknown_keys=unknown, sealing=sealing)
