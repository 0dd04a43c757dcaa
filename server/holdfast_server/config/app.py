"""langgraph.json, read as the LangGraph CLI reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from dotenv import dotenv_values

from holdfast_server.config.auth import AuthConfig, read_auth
from holdfast_server.config.checkpointer import CheckpointerConfig, read_checkpointer
from holdfast_server.config.house import HouseConfig, read_house
from holdfast_server.config.http import HttpConfig, read_http
from holdfast_server.config.store import StoreConfig, read_store
from holdfast_server.config.webhooks import Webhooks, webhooks_of
from holdfast_server.config.workers import WorkerPool, check_pools
from holdfast_server.errors import ConfigError


@dataclass(frozen=True)
class GraphSpec:
    """Where one graph lives: `source` is a file path or a module name, `name` the object in it."""

    graph_id: str
    source: str
    name: str
    description: str | None = None


@dataclass(frozen=True)
class AppConfig:
    """What langgraph.json says; paths are relative to `folder`, where the file lies."""

    path: Path
    graphs: tuple[GraphSpec, ...]
    import_paths: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    http: HttpConfig = field(default_factory=HttpConfig)
    auth: AuthConfig | None = None
    store: StoreConfig = field(default_factory=StoreConfig)
    checkpointer: CheckpointerConfig = field(default_factory=CheckpointerConfig)
    unknown_keys: tuple[str, ...] = ()
    webhooks: Webhooks = field(default_factory=Webhooks)
    house: HouseConfig = field(default_factory=HouseConfig)

    @property
    def folder(self) -> Path:
        """The folder of langgraph.json."""
        return self.path.parent

    def pool(self, name: str) -> WorkerPool:
        """The worker pool of this name.

        Raises:
            ConfigError: there is none, or no graph is left for it.
        """
        pools = {pool.name: pool for pool in self.house.workers.pools}
        if name not in pools:
            raise ConfigError(
                f'{self.path} has no worker pool {name!r}; "holdfast.workers.pools" has {", ".join(pools)}'
            )
        if not self.of_pool(pools[name]).graphs:
            raise ConfigError(
                f"{self.path}: every graph is in another worker pool than {name!r}; choose one with --pool"
            )
        return pools[name]

    @property
    def pools(self) -> tuple[WorkerPool, ...]:
        """The worker pools that have a graph."""
        return tuple(pool for pool in self.house.workers.pools if self.of_pool(pool).graphs)

    def of_pool(self, pool: WorkerPool) -> AppConfig:
        """What it says to the workers of one pool: their graphs, and their `env` on top of everybody's."""
        served = self.house.workers.graphs_of(pool, [spec.graph_id for spec in self.graphs])
        key = f"holdfast.workers.pools.{pool.name}.env"
        return replace(
            self,
            graphs=tuple(spec for spec in self.graphs if spec.graph_id in served),
            env={**self.env, **(_environment(self.path, pool.env, key) if pool.env is not None else {})},
        )


# Keys of the LangGraph CLI that mean something to it and need nothing from us.
_KNOWN = {
    "$schema", "dependencies", "graphs", "env", "python_version", "node_version", "pip_config_file",
    "pip_installer", "dockerfile_lines", "image_distro", "api_version", "holdfast", "source",
    "auth", "http", "store", "checkpointer", "webhooks",
}  # fmt: skip


def read_config(path: Path) -> AppConfig:
    """Reads and checks langgraph.json.

    Raises:
        ConfigError: the file is missing or wrong; the sentence names the key and the mend.
    """
    path = path.expanduser().resolve()
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; create it, or name another file with -c") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("graphs"), dict) or not raw["graphs"]:
        raise ConfigError(f'{path} names no graphs; add {{"graphs": {{"agent": "./agent.py:graph"}}}}')
    http, auth = read_http(path, raw.get("http")), read_auth(path, raw.get("auth"))
    house = read_house(path, raw.get("holdfast"))
    check_pools(path, house.workers, raw["graphs"])
    store, checkpointer = read_store(path, raw.get("store")), read_checkpointer(path, raw.get("checkpointer"))
    if house.sealing is not None and store.index is not None:
        raise ConfigError(
            f'{path}: "store.index" and "holdfast.sealing" exclude each other, because embeddings tell what '
            "the sealed texts say; remove one of them"
        )
    config = AppConfig(
        path=path,
        graphs=tuple(_spec(path, graph_id, value) for graph_id, value in raw["graphs"].items()),
        import_paths=_import_paths(path, raw.get("dependencies", [])),
        env=_environment(path, raw.get("env", {})),
        http=http,
        auth=auth,
        unknown_keys=(
            *sorted(raw.keys() - _KNOWN),
            *http.unknown_keys,
            *(auth.unknown_keys if auth else ()),
            *store.unknown_keys,
            *checkpointer.unknown_keys,
            *house.unknown_keys,
        ),
        store=store,
        checkpointer=checkpointer,
        house=house,
        webhooks=webhooks_of(str(path), raw.get("webhooks") or {}),
    )
    for pool in house.workers.pools:
        # What is wrong with the `env` of one pool is said by every command, not by its first worker.
        config.of_pool(pool)
    return config


def _spec(path: Path, graph_id: str, value: object) -> GraphSpec:
    where = value.get("path") if isinstance(value, dict) else value
    description = value.get("description") if isinstance(value, dict) else None
    source, _, name = where.rpartition(":") if isinstance(where, str) else ("", "", "")
    if not source or not name:
        raise ConfigError(
            f'{path}: graph {graph_id!r} is {value!r}; write it as "./file.py:name" or "module:name"'
        )
    return GraphSpec(graph_id, source, name, description)


def _import_paths(path: Path, dependencies: object) -> tuple[Path, ...]:
    if not isinstance(dependencies, list) or not all(isinstance(d, str) for d in dependencies):
        raise ConfigError(f'{path}: "dependencies" is {dependencies!r}; it must be a list like ["."]')
    local = [path.parent / d for d in dependencies if d.startswith(".") or (path.parent / d).is_dir()]
    missing = [str(p) for p in local if not p.is_dir()]
    if missing:
        raise ConfigError(f'{path}: "dependencies" names {", ".join(missing)}, which is no folder')
    return tuple(p.resolve() for p in [*local, path.parent])


def _environment(path: Path, env: object, key: str = "env") -> dict[str, str]:
    match env:
        case str():
            file = path.parent / env
            if not file.is_file():
                raise ConfigError(f'{path}: "{key}" names {file}, which does not exist')
            return {k: v for k, v in dotenv_values(file).items() if v is not None}
        case dict():
            return {str(k): str(v) for k, v in env.items()}
        case _:
            raise ConfigError(f'{path}: "{key}" is {env!r}; it must be a file name or an object')
