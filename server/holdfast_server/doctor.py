"""`holdfast doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg import Error

from holdfast_server.boundary.crossing import prepare
from holdfast_server.boundary.environment import EVERYTHING, clean, how_to_grant
from holdfast_server.config.app import AppConfig, read_config
from holdfast_server.config.entrance import Entrance
from holdfast_server.config.workers import DEFAULT, WorkerPool
from holdfast_server.custom.code import load_user_code
from holdfast_server.db.migrate import pending
from holdfast_server.db.pool import Conn, connect
from holdfast_server.db.statements import statement
from holdfast_server.errors import ConfigError
from holdfast_server.given import given, hide_ours
from holdfast_server.settings import Settings

_CLOCK_TOLERANCE = 2.0
# Where each provider's LangChain package looks for its key.
_KEYS = {"OPENAI_API_KEY": "openai", "ANTHROPIC_API_KEY": "anthropic", "GOOGLE_API_KEY": "google_genai"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    fine: bool
    text: str

    def line(self) -> str:
        """As a line for a person."""
        return f"{'ok ' if self.fine else 'BAD'}  {self.subject:<12} {self.text}"


async def examine(settings: Settings) -> list[Finding]:
    """Looks at everything; one bad finding does not hide the next."""
    try:
        config = read_config(settings.config)
    except ConfigError as error:
        return [*await _database(settings, None), Finding("config", False, str(error))]
    return [
        *await _database(settings, config),
        *await asyncio.to_thread(_user_code, settings, config),
        _model_keys(settings, config),
    ]


async def _database(settings: Settings, config: AppConfig | None) -> list[Finding]:
    if not settings.database_url:
        text = f"none set: `holdfast dev` runs its own in {settings.data_dir}; servers need DATABASE_URL"
        return [Finding("database", True, text)]
    try:
        conn = await connect(settings.database_url, name="doctor", role=None, connect_timeout=5)
    except Error as error:
        text = f"does not answer: {str(error).strip().splitlines()[0]}; check DATABASE_URL and the server"
        return [Finding("database", False, text)]
    async with conn:
        number = conn.info.server_version // 10000
        answers = Finding("database", number >= 15, f"PostgreSQL {number} answers")
        checks: list[Callable[[Conn], Awaitable[Finding]]] = [_migrations, _clock]
        findings = [await check(conn) for check in checks]
        return [answers, *findings, *(await _workers(conn, config) if findings[0].fine else [])]


async def _migrations(conn: Conn) -> Finding:
    missing = await pending(conn)
    if missing:
        return Finding("migrations", False, f"missing {', '.join(missing)}; run `holdfast migrate`")
    return Finding("migrations", True, "up to date")


async def _clock(conn: Conn) -> Finding:
    before = datetime.now(UTC)
    row = await (await conn.execute("select clock_timestamp() as now")).fetchone()
    assert row is not None
    middle = before + (datetime.now(UTC) - before) / 2
    skew = abs((row["now"] - middle).total_seconds())
    if skew > _CLOCK_TOLERANCE:
        return Finding("clock", False, f"{skew:.1f} s away from the database's; synchronise it (NTP)")
    return Finding("clock", True, f"{skew * 1000:.0f} ms away from the database's")


async def _workers(conn: Conn, config: AppConfig | None) -> list[Finding]:
    rows = await (await conn.execute(statement("list_workers"))).fetchall()
    alive = sum(row["alive"] for row in rows)
    queue = await (await conn.execute(statement("queue_depth"))).fetchone()
    assert queue is not None
    text = f"{alive} alive, {queue['running']} runs running, {queue['pending']} waiting"
    stuck = not alive and queue["pending"]
    finding = Finding("workers", not stuck, text + ("; start `holdfast worker`" if stuck else ""))
    return [finding, *_pools(config, {row["pool"] for row in rows if row["alive"]} if config else set())]


def _pools(config: AppConfig | None, alive: set[str]) -> list[Finding]:
    """Pools without a worker, beside others that have one: their runs wait, and nothing else shows it."""
    missing = [pool for pool in config.pools if pool.name not in alive] if config and alive else []
    return [
        Finding(
            "pool",
            False,
            f"{pool.name!r} has no worker, so nobody executes its graphs; start {_start(pool)}",
        )
        for pool in missing
    ]


def _start(pool: WorkerPool) -> str:
    return "`holdfast worker`" if pool.name == DEFAULT else f"`holdfast worker --pool {pool.name}`"


def _user_code(settings: Settings, config: AppConfig) -> list[Finding]:
    graphs = [finding for pool in config.pools for finding in _graphs(settings, config, pool)]
    # Last, and without what is ours: it is imported into this very process.
    hide_ours()
    try:
        load_user_code(config, limit=settings.handler_timeout, require_keys=settings.require_keys)
        custom = Finding("auth, http", True, _custom(settings, config))
    except ConfigError as error:
        custom = Finding("auth, http", False, str(error))
    unused = f"; not used: {', '.join(config.unknown_keys)}" if config.unknown_keys else ""
    found = Finding("config", True, f"{config.path}, {len(config.graphs)} graphs{unused}")
    return [found, custom, *sorted(graphs, key=lambda finding: not finding.fine)]


def _graphs(settings: Settings, config: AppConfig, pool: WorkerPool) -> list[Finding]:
    """Loads them in a process like a worker of their pool: its environment, and no graph of another pool."""
    options = {"config": str(config.path), "database_url": settings.database_url, "pool": pool.name}
    granted = _granted(settings)
    done = prepare(config, pool, given=given(), granted=granted, arguments=["inspect"], options=options).run()
    try:
        failures: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        return [Finding("graph", False, f"loading those of pool {pool.name!r} ended the process: {said}")]
    beside = "" if pool.name == DEFAULT else f" in pool {pool.name!r}"
    return [
        Finding("graph", why is None, why or f"{graph_id} loads{beside}")
        for graph_id, why in failures.items()
    ]


def _granted(settings: Settings) -> tuple[str, ...]:
    """Without a database of one's own it is `holdfast dev` that runs the graphs, and passes everything."""
    return () if settings.database_url else (EVERYTHING,)


def _custom(settings: Settings, config: AppConfig) -> str:
    return Entrance.of(settings, config).said() + ("; serves your application" if config.http.app else "")


def _model_keys(settings: Settings, config: AppConfig) -> Finding:
    found = [name for name in _KEYS if given().get(name) or config.env.get(name)]
    if not found:
        text = f"none of {', '.join(_KEYS)} is set; graphs that call these models fail at their first call"
        return Finding("model keys", True, text)
    text = ", ".join(found)
    for pool in config.pools:
        environment = clean(given(), config.of_pool(pool).env, (*pool.pass_env, *_granted(settings)))
        if missing := [name for name in found if name not in environment]:
            text += f"; graphs of pool {pool.name!r} do not see {', '.join(missing)}: {how_to_grant(missing)}"
    return Finding("model keys", True, text)
