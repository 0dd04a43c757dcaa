"""The pools of PostgreSQL connections that one process shares, and for whom a connection works."""

from __future__ import annotations

import select
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, Protocol

import orjson
from psycopg import AsyncConnection, Connection
from psycopg.rows import DictRow
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from holdfast_server.db.masked_cursor import MaskedCursor, masked_json
from holdfast_server.sealing import house
from holdfast_server.sealing.rows import opened_row

SCHEMA = "holdfast"
# What the login becomes: `holdfast_app` sees the tenant it is told and nothing else, `holdfast_system` keeps
# house for all of them, None stays who it is. functions/99_guard.sql has the rules.
Role = Literal["holdfast_app", "holdfast_system"]
_SESSION = (
    "select set_config('search_path', %s, false), set_config('timezone', 'UTC', false),"
    # Our statements find rows by key; planning them anew each time costs as much as running them.
    " set_config('plan_cache_mode', 'force_generic_plan', false)"
)
_BECOME = "select set_config('role', %s, false)"
_ACT_FOR = "select set_config('holdfast.tenant', %s, false)"


class Connected(AsyncConnection[DictRow]):
    """A connection that knows for whom it works; the empty tenant is nobody, or for the house everybody.

    None: a change was broken off, and only PostgreSQL knows whether it happened.
    """

    tenant: str | None = ""


Conn = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connected]


class Connections(Protocol):
    """Whatever gives out connections: a pool as it is, or one in the name of a tenant."""

    def connection(self) -> AbstractAsyncContextManager[Conn]:
        """One connection, to be given back."""
        ...


class TenantPool:
    """The connections of a pool, each in the name of one tenant.

    A connection keeps the tenant it had, so that with one tenant nothing is ever said twice.
    """

    def __init__(self, pool: Pool, tenant: str) -> None:
        self._pool = pool
        self.tenant = tenant

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Conn]:
        """A connection that sees the rows of the tenant."""
        async with self._pool.connection() as conn:
            if conn.tenant != self.tenant:
                # Whoever is cancelled here gives back a connection that may already see another tenant.
                conn.tenant = None
                await conn.execute(_ACT_FOR, [self.tenant])
                conn.tenant = self.tenant
            yield conn


def make_pool(url: str, *, size: int, name: str, role: Role | None, tenant: str = "") -> Pool:
    """A closed pool; `async with` opens it.

    Autocommit is set on the connection and not as a connect argument, because procrastinate passes its own.

    Args:
        url: of the database.
        size: connections at most.
        name: shown by PostgreSQL in the list of its sessions.
        role: what its connections may do.
        tenant: for whom they work until somebody says otherwise.
    """
    return AsyncConnectionPool(
        url,
        connection_class=Connected,
        min_size=min(2, size),
        max_size=size,
        open=False,
        name=name,
        configure=_configured(role, tenant),
        check=_not_hung_up,
        timeout=30.0,
        kwargs={
            "row_factory": opened_row,
            "cursor_factory": MaskedCursor,
            "prepare_threshold": 0,
            "application_name": application_name(name),
        },
    )


async def connect(url: str, *, name: str, role: Role | None, **options: Any) -> Conn:
    """One connection of its own, set up like those of the pool (for LISTEN and for locks of a session)."""
    conn = await Connected.connect(
        url,
        row_factory=opened_row,
        cursor_factory=MaskedCursor,
        application_name=application_name(name),
        **options,
    )
    await _configured(role)(conn)
    return conn


def connect_sync(url: str, *, name: str, role: Role, **options: Any) -> Connection[DictRow]:
    """A blocking connection for a thread that must not depend on an event loop."""
    conn = Connection.connect(
        url, row_factory=opened_row, application_name=application_name(name), autocommit=True, **options
    )
    conn.execute(_SESSION, [f"{SCHEMA}, public"])
    conn.execute(_BECOME, [role])
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


def _configured(role: Role | None, tenant: str = "") -> Callable[[Connected], Awaitable[None]]:
    async def configure(conn: Connected) -> None:
        set_json_dumps(masked_json, conn)
        set_json_loads(orjson.loads, conn)
        await conn.set_autocommit(True)
        await conn.execute(_SESSION, [f"{SCHEMA}, public"])
        if role is not None:
            await conn.execute(_BECOME, [role])
        if tenant:
            await conn.execute(_ACT_FOR, [tenant])
            conn.tenant = tenant

    return configure
