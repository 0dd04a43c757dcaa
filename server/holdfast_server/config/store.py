"""The section `store` of langgraph.json: what long-term memory indexes, and how long it keeps items."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from holdfast_server.config.section import Section

# pgvector's limit for a column of type vector.
_MOST_DIMS = 16_000


@dataclass(frozen=True)
class IndexSpec:
    """Semantic search.

    Attributes:
        dims: numbers in a vector.
        embed: `provider:model`, `./file.py:name` or `module:name`.
        fields: the paths whose text is embedded; `$` is the whole value.
    """

    dims: int
    embed: str
    fields: tuple[str, ...] = ("$",)


@dataclass(frozen=True)
class StoreConfig:
    """What langgraph.json says about the store; times are in minutes.

    Attributes:
        index: None without semantic search.
        default_ttl: how long an item lives that says nothing itself; None: for ever.
        refresh_on_read: whether reading an item starts its time anew, unless the reader says otherwise.
        sweep_interval: how often expired items are deleted.
        unknown_keys: keys that Holdfast does not read.
    """

    index: IndexSpec | None = None
    default_ttl: float | None = None
    refresh_on_read: bool = True
    sweep_interval: float = 5.0
    unknown_keys: tuple[str, ...] = ()


def read_store(path: Path, raw: object) -> StoreConfig:
    """Reads and checks the section; None is an empty one.

    Raises:
        ConfigError: names the key and the mend.
    """
    section = Section.of(path, "store", raw)
    ttl = section.section("ttl") or Section(path, "store.ttl", {})
    return StoreConfig(
        index=_index(section.section("index")),
        default_ttl=ttl.minutes("default_ttl"),
        refresh_on_read=ttl.flag("refresh_on_read", default=True),
        sweep_interval=ttl.minutes("sweep_interval_minutes") or 5.0,
        unknown_keys=(
            *section.unknown(("index", "ttl")),
            *ttl.unknown(("default_ttl", "refresh_on_read", "sweep_interval_minutes")),
        ),
    )


def _index(section: Section | None) -> IndexSpec | None:
    if section is None:
        return None
    dims = section.whole("dims", at_least=1, at_most=_MOST_DIMS)
    if dims is None:
        raise section.wrong("dims", "must be the number of dimensions of your embeddings")
    embed = section.text("embed") or ""
    if not all(embed.rpartition(":")):
        raise section.wrong("embed", 'must be "provider:model", "./file.py:name" or "module:name"')
    fields = section.names("fields")
    if fields is not None and not all(fields or ("",)):
        raise section.wrong("fields", 'must be a list like ["$"]')
    return IndexSpec(dims, embed, fields or ("$",))
