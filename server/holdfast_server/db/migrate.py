"""Brings a database to the schema of this release; safe to run at any time, by any number of processes."""

from __future__ import annotations

import contextlib
from importlib import resources
from importlib.resources.abc import Traversable
from typing import LiteralString, get_args

from procrastinate.schema import SchemaManager
from psycopg import Error
from psycopg.errors import DuplicateObject, InsufficientPrivilege, UniqueViolation
from psycopg.sql import SQL, Identifier

from holdfast_server.db.pool import SCHEMA, Conn, Role, connect
from holdfast_server.errors import DatabaseError

# "hold" in ASCII: one migration at a time in one database.
_LOCK = 0x686F6C64
_MINIMUM_SERVER = 150000


async def migrate(url: str) -> list[str]:
    """Applies what is missing and answers the names of what it applied.

    Raises:
        DatabaseError: the server cannot be reached, is older than PostgreSQL 15, or this login may not make
            the roles that the application works under, or change this database.
    """
    async with await _open(url) as conn:
        await _make_roles(conn)
        await conn.execute("select pg_advisory_lock(%s)", [_LOCK])
        try:
            return await _apply(conn)
        except InsufficientPrivilege as refused:
            raise DatabaseError(
                f"{conn.info.user} may not migrate this database: {str(refused).splitlines()[0]}; "
                "migrate with the login that owns it"
            ) from None
        finally:
            await conn.execute("select pg_advisory_unlock(%s)", [_LOCK])


async def check_migrated(url: str) -> None:
    """Makes sure that a process of this release can work with the database.

    Raises:
        DatabaseError: it cannot be reached, is too old, or lacks migrations.
    """
    async with await _open(url) as conn:
        if missing := await pending(conn):
            raise DatabaseError(f"the database lacks {', '.join(missing)}; run `holdfast migrate` first")


async def _open(url: str) -> Conn:
    try:
        conn = await connect(url, name="migrate", role=None, connect_timeout=10)
    except Error as error:
        raise DatabaseError(f"PostgreSQL does not answer: {str(error).strip()}; check DATABASE_URL") from None
    if conn.info.server_version < _MINIMUM_SERVER:
        await conn.close()
        raise DatabaseError(f"PostgreSQL {conn.info.server_version // 10000} is too old; use 15 or newer")
    return conn


async def pending(conn: Conn) -> list[str]:
    """The names of the migrations that this database still lacks."""
    cursor = await conn.execute("select to_regclass(%s) as found", [f"{SCHEMA}.migration"])
    row = await cursor.fetchone()
    if row is None or row["found"] is None:
        return [file.name for file in _files("migrations")]
    cursor = await conn.execute("select name from migration")
    done = {row["name"] for row in await cursor.fetchall()}
    return [file.name for file in _files("migrations") if file.name not in done]


async def _make_roles(conn: Conn) -> None:
    """Makes the two roles, which all databases of a server share, and lets this login become them."""
    try:
        for role in get_args(Role):
            await _make_role(conn, role)
    except InsufficientPrivilege:
        roles = ", ".join(get_args(Role))
        raise DatabaseError(
            f"{conn.info.user} may not make roles, or may not become them; let an administrator run, "
            f"for each of {roles}: create role <role> nologin (unless it exists); "
            f"grant <role> to {conn.info.user}; then migrate again"
        ) from None


async def _make_role(conn: Conn, role: str) -> None:
    name = Identifier(role)
    # Another database of this server may be migrated at the same moment.
    with contextlib.suppress(DuplicateObject, UniqueViolation):
        found = await conn.execute("select from pg_roles where rolname = %s", [role])
        if not found.rowcount:
            await conn.execute(SQL("create role {} nologin").format(name))
    member = await conn.execute("select pg_has_role(current_user, %s, 'member') as is_member", [role])
    row = await member.fetchone()
    if row is not None and not row["is_member"]:
        await conn.execute(SQL("grant {} to current_user").format(name))


async def _apply(conn: Conn) -> list[str]:
    await conn.execute(f"create schema if not exists {SCHEMA}")
    await conn.execute(
        "create table if not exists migration"
        " (name text primary key, applied_at timestamptz not null default clock_timestamp())"
    )
    await _apply_engine(conn)
    await _apply_saver(conn)
    await _apply_store(conn)
    names = await pending(conn)
    for name in names:
        async with conn.transaction():
            await conn.execute(_text(name, "migrations"))
            await conn.execute("insert into migration (name) values (%s)", [name])
    async with conn.transaction():
        for file in _files("functions"):
            await conn.execute(_text(file.name, "functions"))
    await _keep_indexes_useful(conn)
    return names


async def _keep_indexes_useful(conn: Conn) -> None:
    """Lets searches by metadata and namespace use their indexes under row-level security.

    PostgreSQL uses an operator before it has applied a policy only if it is known to tell nothing of hidden
    rows. These two fail on no row, but only a superuser may say so; else a search reads all rows of a tenant.
    """
    cursor = await conn.execute("select rolsuper from pg_roles where rolname = current_user")
    row = await cursor.fetchone()
    if row is not None and row["rolsuper"]:
        async with conn.transaction():
            await conn.execute("alter function jsonb_contains(jsonb, jsonb) leakproof")
            await conn.execute("alter function textlike(text, text) leakproof")


async def _apply_saver(conn: Conn) -> None:
    # Imported here: an API process only checks migrations, and does without LangGraph.
    from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

    # Its migrations build indexes concurrently, which no transaction allows.
    await AsyncPostgresSaver(conn).setup()


async def _apply_store(conn: Conn) -> None:
    from langgraph.store.postgres.aio import AsyncPostgresStore

    # Vectors need dimensions, which langgraph.json knows: a worker makes their table (memory/vectors.py).
    await AsyncPostgresStore(conn).setup()


async def _apply_engine(conn: Conn) -> None:
    cursor = await conn.execute("select to_regclass(%s) as found", [f"{SCHEMA}.procrastinate_jobs"])
    row = await cursor.fetchone()
    if row is not None and row["found"] is None:
        async with conn.transaction():
            await conn.execute(SchemaManager.get_schema())


def _files(folder: str) -> list[Traversable]:
    found = (resources.files("holdfast_server.db") / folder).iterdir()
    return sorted((f for f in found if f.name.endswith(".sql")), key=lambda f: f.name)


def _text(name: str, folder: str) -> LiteralString:
    text = (resources.files("holdfast_server.db") / folder / name).read_text(encoding="utf-8")
    return text
