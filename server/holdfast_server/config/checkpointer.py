"""The section `checkpointer` of langgraph.json: how long threads live."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from holdfast_server.config.section import Section

STRATEGIES = ("delete", "keep_latest")


@dataclass(frozen=True)
class CheckpointerConfig:
    """What langgraph.json says about the lifetime of threads; times are in minutes.

    Attributes:
        strategy: what happens to a thread when its time is over.
        default_ttl: how long a new thread lives that says nothing itself; None: for ever.
        sweep_interval: how often expired threads are looked for.
        sweep_limit: how many are swept in one round at most.
        unknown_keys: keys that Holdfast does not read.
    """

    strategy: str = "delete"
    default_ttl: float | None = None
    sweep_interval: float = 5.0
    sweep_limit: int = 1000
    unknown_keys: tuple[str, ...] = ()


def read_checkpointer(path: Path, raw: object) -> CheckpointerConfig:
    """Reads and checks the section; None is an empty one.

    Raises:
        ConfigError: names the key and the mend.
    """
    section = Section.of(path, "checkpointer", raw)
    ttl = section.section("ttl") or Section(path, "checkpointer.ttl", {})
    return CheckpointerConfig(
        strategy=ttl.choice("strategy", STRATEGIES, default="delete"),
        default_ttl=ttl.minutes("default_ttl"),
        sweep_interval=ttl.minutes("sweep_interval_minutes") or 5.0,
        sweep_limit=ttl.whole("sweep_limit", at_least=1, at_most=1_000_000) or 1000,
        unknown_keys=(
            *section.unknown(("ttl",)),
            *ttl.unknown(("strategy", "default_ttl", "sweep_interval_minutes", "sweep_limit")),
        ),
    )
