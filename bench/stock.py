"""LangGraph's own Postgres saver as its documentation shows it: the baseline, in a schema of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool


@asynccontextmanager
async def stock_saver(database_url: str, *, size: int) -> AsyncIterator[AsyncPostgresSaver]:
    """A saver over a pool of so many connections."""
    options = {
        "autocommit": True,
        "prepare_threshold": 0,
        "row_factory": dict_row,
        "options": "-c search_path=stock",
    }
    pool = AsyncConnectionPool(
        database_url, connection_class=AsyncConnection[DictRow], max_size=size, open=False, kwargs=options
    )
    async with pool:
        async with pool.connection() as conn:
            await conn.execute("create schema if not exists stock")
        saver = AsyncPostgresSaver(pool)
        await saver.setup()
        yield saver
