"""`holdfast doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg import Error

from holdfast_server.config.app import AppConfig, read_config
from holdfast_server.config.entrance import Entrance
from holdfast_server.custom.code import load_user_code
from holdfast_server.db.migrate import pending
from holdfast_server.db.pool import Conn, connect
from holdfast_server.db.statements import statement
from holdfast_server.errors import ConfigError
from holdfast_server.graphs.loader import load_graphs
from holdfast_server.secrets.environment import prepared
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
    return [*await _database(settings), *await asyncio.to_thread(_graphs, settings), _model_keys()]


async def _database(settings: Settings) -> list[Finding]:
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
        return [answers, *findings, *([await _workers(conn)] if findings[0].fine else [])]


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


async def _workers(conn: Conn) -> Finding:
    rows = await (await conn.execute(statement("list_workers"))).fetchall()
    alive = sum(row["alive"] for row in rows)
    queue = await (await conn.execute(statement("queue_depth"))).fetchone()
    assert queue is not None
    text = f"{alive} alive, {queue['running']} runs running, {queue['pending']} waiting"
    stuck = not alive and queue["pending"]
    return Finding("workers", not stuck, text + ("; start `holdfast worker`" if stuck else ""))


def _graphs(settings: Settings) -> list[Finding]:
    try:
        config = read_config(settings.config)
    except ConfigError as error:
        return [Finding("config", False, str(error))]
    try:
        config, _ = prepared(config)
    except ConfigError as error:
        return [Finding("secrets", False, str(error))]
    loaded = load_graphs(config)
    try:
        load_user_code(config, limit=settings.handler_timeout, require_keys=settings.require_keys)
        custom = Finding("auth, http", True, _custom(settings, config))
    except ConfigError as error:
        custom = Finding("auth, http", False, str(error))
    unused = f"; not used: {', '.join(config.unknown_keys)}" if config.unknown_keys else ""
    return [
        Finding("config", True, f"{config.path}, {len(config.graphs)} graphs{unused}"),
        custom,
        *(Finding("graph", True, f"{graph_id} loads") for graph_id in loaded.graphs),
        *(Finding("graph", False, str(failure)) for failure in loaded.failures.values()),
    ]


def _custom(settings: Settings, config: AppConfig) -> str:
    return Entrance.of(settings, config).said() + ("; serves your application" if config.http.app else "")


def _model_keys() -> Finding:
    found = [name for name in _KEYS if os.environ.get(name)]
    if found:
        return Finding("model keys", True, ", ".join(found))
    text = f"none of {', '.join(_KEYS)} is set; graphs that call these models fail at their first call"
    return Finding("model keys", True, text)
