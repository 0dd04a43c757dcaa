"""The section `holdfast.workers`: which graphs share a process, and what such a process is given."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from holdfast_server.config.section import Section
from holdfast_server.errors import ConfigError
from holdfast_server.given import is_ours

T = TypeVar("T")
DEFAULT = "default"
_COMMON = (
    "pass_env", "memory", "cpus", "nice", "open_files", "max_runs", "processes", "debuggable",
)  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_PATTERN = re.compile(r"[A-Za-z0-9_*?]+")
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB|Ki|Mi|Gi|Ti)?")
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


@dataclass(frozen=True)
class Limits:
    """What one worker process may take; None is no limit.

    Attributes:
        memory: bytes of resident memory.
        cpus: how many processors, or which.
        nice: how much it steps back behind other processes, 0 to 19.
        open_files: descriptors, sockets among them.
        max_runs: after so many runs the process drains and ends, to be started afresh.
    """

    memory: int | None = None
    cpus: int | tuple[int, ...] | None = None
    nice: int | None = None
    open_files: int | None = None
    max_runs: int | None = None


@dataclass(frozen=True)
class WorkerPool:
    """Worker processes of one kind.

    Attributes:
        graphs: what they serve; of the default pool it says nothing, which serves what is left.
        env: what is added to `env` of langgraph.json: an object or a file's name, not read yet.
        pass_env: names and patterns of variables that user code is granted from the worker's environment.
        processes: how many of them `holdfast dev` starts; None leaves it to `--workers`.
        debuggable: debuggers and profilers may attach, and so may every process of the same user.
    """

    name: str = DEFAULT
    graphs: tuple[str, ...] = ()
    env: object = None
    pass_env: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    processes: int | None = None
    debuggable: bool = False


@dataclass(frozen=True)
class WorkersConfig:
    """What the section says; there always is a default pool."""

    pools: tuple[WorkerPool, ...] = (WorkerPool(),)
    unknown_keys: tuple[str, ...] = ()

    def graphs_of(self, pool: WorkerPool, graph_ids: Iterable[str]) -> tuple[str, ...]:
        """Which of these graphs a pool serves."""
        taken = {graph_id for other in self.pools for graph_id in other.graphs}
        return tuple(g for g in graph_ids if (g in pool.graphs if pool.graphs else g not in taken))


def read_workers(path: Path, value: object) -> WorkersConfig:
    """The section; what is absent has its default. What stands beside `pools` holds for every pool.

    Raises:
        ConfigError: the sentence names the key and the mend.
    """
    section = Section.of(path, "holdfast.workers", value)
    pools = section.section("pools") or Section.of(path, "holdfast.workers.pools", None)
    everywhere = _read(section, WorkerPool())
    found = {DEFAULT: everywhere} | {name: _pool(pools, name, everywhere) for name in pools.values}
    unknown = [
        key for name in pools.values for key in _section(pools, name).unknown((*_COMMON, "graphs", "env"))
    ]
    return WorkersConfig(tuple(found.values()), (*section.unknown((*_COMMON, "pools")), *unknown))


def check_pools(path: Path, workers: WorkersConfig, graph_ids: Iterable[str]) -> None:
    """Sees that every graph has one pool, and every pool a graph that exists.

    Raises:
        ConfigError: it is not so.
    """
    known, owner = set(graph_ids), dict[str, str]()
    for pool in workers.pools:
        for graph_id in pool.graphs:
            key = f'{path}: "holdfast.workers.pools.{pool.name}.graphs" names {graph_id!r}'
            if graph_id not in known:
                raise ConfigError(f'{key}, which is not under "graphs"; it has {", ".join(sorted(known))}')
            if graph_id in owner:
                raise ConfigError(f"{key}, which pool {owner[graph_id]!r} has already; a graph has one pool")
            owner[graph_id] = pool.name


def _pool(pools: Section, name: str, everywhere: WorkerPool) -> WorkerPool:
    section = _section(pools, name)
    if not _NAME.fullmatch(name):
        raise pools.wrong(name, "has a name that is not made of letters, digits, - and _")
    graphs = section.names("graphs")
    if name == DEFAULT and graphs is not None:
        raise section.wrong("graphs", "cannot be said: the default pool serves what no other pool has")
    if name != DEFAULT and not graphs:
        raise section.wrong("graphs", 'must name the graphs of this pool, such as ["agent"]')
    return replace(
        _read(section, everywhere),
        name=name,
        graphs=tuple(dict.fromkeys(graphs or ())),
        env=section.values.get("env"),
    )


def _section(pools: Section, name: str) -> Section:
    return Section.of(pools.path, f"{pools.name}.{name}", pools.values[name])


def _read(section: Section, above: WorkerPool) -> WorkerPool:
    """What a section says of a pool, on top of what is said for all."""
    limits = above.limits
    return WorkerPool(
        pass_env=(*above.pass_env, *_patterns(section)),
        limits=Limits(
            memory=_or(_size(section), limits.memory),
            cpus=_cpus(section) or limits.cpus,
            nice=_or(section.whole("nice", at_least=0, at_most=19), limits.nice),
            open_files=_or(section.whole("open_files", at_least=256), limits.open_files),
            max_runs=_or(section.whole("max_runs", at_least=1), limits.max_runs),
        ),
        processes=_or(section.whole("processes", at_least=1, at_most=64), above.processes),
        debuggable=section.flag("debuggable", above.debuggable),
    )


def _or(said: T | None, above: T | None) -> T | None:
    return above if said is None else said


def _patterns(section: Section) -> tuple[str, ...]:
    patterns = section.names("pass_env") or ()
    if any(not _PATTERN.fullmatch(pattern) for pattern in patterns):
        raise section.wrong("pass_env", 'must name variables, such as ["OPENAI_API_KEY", "AWS_*"]')
    if ours := next((pattern for pattern in patterns if is_ours(pattern)), None):
        raise section.wrong(
            "pass_env",
            f'may not name {ours}, which opens the house\'s own database; give your code a value under "env"',
        )
    return patterns


def _size(section: Section) -> int | None:
    value = section.values.get("memory")
    if value is None:
        return None
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    whole = value if isinstance(value, int) and not isinstance(value, bool) else 0
    if match:
        unit = (match[2] or "").rstrip("B")
        whole = int(float(match[1]) * (1024 if unit.endswith("i") else 1000) ** _POWERS[unit.rstrip("i")])
    if not 10**6 <= whole <= 10**15:
        raise section.wrong("memory", 'must be bytes or a size such as "512MB" or "2GB", of at least 1MB')
    return whole


def _cpus(section: Section) -> int | tuple[int, ...] | None:
    value = section.values.get("cpus")
    if not isinstance(value, list):
        return section.whole("cpus", at_least=1)
    if not value or any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in value):
        raise section.wrong("cpus", "must be how many processors, or a list of their numbers such as [0, 1]")
    return tuple(sorted(set(value)))
