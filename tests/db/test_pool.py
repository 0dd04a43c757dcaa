"""Connections that the server closed while nobody used them."""

from __future__ import annotations

import psycopg
from psycopg import sql

from holdfast_server.db.pool import Pool


async def test_a_connection_that_the_server_closed_is_not_handed_out(database: str, pool: Pool) -> None:
    async with pool.connection() as one, pool.connection() as two:
        pids = [conn.info.backend_pid for conn in (one, two)]
    with psycopg.connect(database, autocommit=True) as other:
        for pid in pids:
            other.execute(sql.SQL("select pg_terminate_backend({}, 1000)").format(pid))
    async with pool.connection() as one, pool.connection() as two:
        for conn in (one, two):
            cursor = await conn.execute("select 1 as one")
            assert await cursor.fetchone() == {"one": 1}
