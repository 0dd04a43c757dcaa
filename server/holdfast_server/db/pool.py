"""The pool of PostgreSQL connections that one process shares."""

from __future__ import annotations

import select
from typing import Any

import orjson
from psycopg import AsyncConnection, Connection
from psycopg.rows import DictRow
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from holdfast_server import wire
from holdfast_server.sealing import house
from holdfast_server.sealing.rows import opened_row

SCHEMA = "holdfast"
_SESSION = (
    "select set_config('search_path', %s, false), set_config('timezone', 'UTC', false),"
    # Our statements find rows by key; planning them anew each time costs as much as running them.
    " set_config('plan_cache_mode', 'force_generic_plan', false)"
)
Conn = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Conn]


def make_pool(url: str, *, size: int, name: str) -> Pool:
    """A closed pool; `async with` opens it.

    Autocommit is set on the connection and not as a connect argument, because procrastinate passes its own.
    """
    return AsyncConnectionPool(
        url,
        min_size=min(2, size),
        max_size=size,
        open=False,
        name=name,
        configure=_configure,
        check=_not_hung_up,
        timeout=30.0,
        kwargs={
            "row_factory": opened_row,
            "prepare_threshold": 0,
            "application_name": application_name(name),
        },
    )


async def connect(url: str, *, name: str, **options: Any) -> Conn:
    """One connection of its own, set up like those of the pool (for LISTEN and for locks of a session)."""
    conn = await AsyncConnection.connect(
        url, row_factory=opened_row, application_name=application_name(name), **options
    )
    await _configure(conn)
    return conn


def connect_sync(url: str, *, name: str, **options: Any) -> Connection[DictRow]:
    """A blocking connection for a thread that must not depend on an event loop."""
    conn = Connection.connect(
        url, row_factory=opened_row, application_name=application_name(name), autocommit=True, **options
    )
    conn.execute(_SESSION, [f"{SCHEMA}, public"])
    return conn


def application_name(name: str) -> str:
    """How PostgreSQL lists a connection: `holdfast-<what for>`, and the key that its process writes with."""
    key_id = house.sealer().key_id
    return f"holdfast-{name} {key_id}" if key_id else f"holdfast-{name}"


async def _not_hung_up(conn: AsyncConnection[Any]) -> None:
    """Keeps a connection that the server has closed from being handed out.

    A server that went away leaves something to read on the socket of an idle connection; looking costs no
    round trip, so that after a restart of PostgreSQL nobody pays with an error for a connection of before.
    """
    socket = select.poll()
    socket.register(conn.pgconn.socket, select.POLLIN)
    if socket.poll(0):
        await AsyncConnectionPool.check_connection(conn)


async def _configure(conn: AsyncConnection[Any]) -> None:
    set_json_dumps(wire.dumps, conn)
    set_json_loads(orjson.loads, conn)
    await conn.set_autocommit(True)
    await conn.execute(_SESSION, [f"{SCHEMA}, public"])
