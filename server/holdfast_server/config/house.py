"""The section `holdfast` of langgraph.json: what the house does that LangGraph knows nothing of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from holdfast_server.config.access import AccessConfig, read_access
from holdfast_server.config.door import DoorConfig, read_door
from holdfast_server.config.sealing import SealingConfig, read_sealing
from holdfast_server.config.secrets import SecretsConfig, read_secrets
from holdfast_server.config.section import Section
from holdfast_server.config.workers import WorkersConfig, read_workers

_KNOWN: tuple[str, ...] = ("access", "http", "sealing", "secrets", "workers")


@dataclass(frozen=True)
class HouseConfig:
    """What the section says; every part has its own file and its own default."""

    access: AccessConfig = field(default_factory=AccessConfig)
    door: DoorConfig = field(default_factory=DoorConfig)
    sealing: SealingConfig | None = None
    secrets: SecretsConfig = field(default_factory=SecretsConfig)
    workers: WorkersConfig = field(default_factory=WorkersConfig)
    unknown_keys: tuple[str, ...] = ()


def read_house(path: Path, value: object) -> HouseConfig:
    """The section; what is absent has its default.

    Raises:
        ConfigError: the sentence names the key and the mend.
    """
    house = Section.of(path, "holdfast", value)
    door = read_door(house.section("http"))
    sealing = read_sealing(house.section("sealing"))
    secrets = read_secrets(path, house.values.get("secrets"))
    workers = read_workers(path, house.values.get("workers"))
    unknown = [*secrets.unknown_keys, *workers.unknown_keys]
    unknown += sealing.unknown_keys if sealing else ()
    return HouseConfig(
        access=read_access(path, house.values.get("access")),
        door=door,
        sealing=sealing,
        secrets=secrets,
        workers=workers,
        unknown_keys=(*house.unknown(_KNOWN), *unknown),
    )
