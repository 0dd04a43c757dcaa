"""The store that graphs get: through an outage, beside a bad neighbour, at its limits."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from langchain_core.embeddings import Embeddings
from langgraph.store.base import GetOp, PutOp

from holdfast_server.config.store import IndexSpec, StoreConfig
from holdfast_server.db.embedded import embedded_postgres, revive
from holdfast_server.db.migrate import migrate
from holdfast_server.db.pool import Pool, make_pool
from holdfast_server.memory.embedding import OneLoopEmbeddings
from holdfast_server.memory.errors import ItemRefused, NoVectors
from holdfast_server.memory.store import Memory
from holdfast_server.memory.tenants import Stores
from holdfast_server.memory.vectors import ensure_vectors


def postmaster(url: str) -> int:
    """The process id of a server of our own."""
    with psycopg.connect(url) as conn:
        row = conn.execute("show data_directory").fetchone()
    assert row is not None
    return int((Path(row[0]) / "postmaster.pid").read_text().splitlines()[0])


async def test_a_store_carries_on_through_a_crash_of_postgres() -> None:
    with TemporaryDirectory(prefix="holdfast-outage-") as folder, embedded_postgres(Path(folder)) as url:
        await migrate(url)
        async with make_pool(url, size=4, name="test", role="holdfast_system") as pool:
            store = Stores(Memory(), pool).of("default")
            await store.aput(("a",), "before", {})
            os.kill(postmaster(url), signal.SIGQUIT)
            writing = [asyncio.create_task(store.aput(("a",), str(n), {"n": n})) for n in range(10)]
            async with asyncio.timeout(30):
                while not await asyncio.to_thread(revive, Path(folder)):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
                await asyncio.gather(*writing)
            assert len(await store.asearch(("a",), limit=20)) == 11


async def test_one_bad_item_does_not_fail_its_neighbours(pool: Pool) -> None:
    store = Stores(Memory(), pool).of("default")
    writing = [store.aput(("a",), str(n), {"text": "\x00" if n == 3 else "fine"}) for n in range(8)]
    ended = await asyncio.gather(*writing, return_exceptions=True)
    assert [n for n, end in enumerate(ended) if end is not None] == [3]
    assert len(await store.asearch(("a",))) == 7


async def test_what_no_table_can_hold_is_refused_and_not_tried_for_a_minute(pool: Pool) -> None:
    store = Stores(Memory(), pool).of("default")
    async with asyncio.timeout(5):
        for key, value in (("".join(uuid4().hex for _ in range(100)), {}), ("k", {"text": "\x00"})):
            with pytest.raises(ItemRefused):
                await store.aput(("a",), key, value)


async def test_operations_given_together_are_one_transaction(pool: Pool) -> None:
    store = Stores(Memory(), pool).of("default")
    with pytest.raises(ItemRefused):
        await store.abatch([PutOp(("a",), "good", {}), PutOp(("b",), "bad", {"text": "\x00"})])
    assert await store.abatch([GetOp(("a",), "good")]) == [None]


async def test_a_search_below_a_namespace_reads_no_others(database: str) -> None:
    async with (
        make_pool(database, size=1, name="test", role="holdfast_system") as pool,
        pool.connection() as conn,
    ):
        await conn.execute(
            "insert into store (prefix, key, value)"
            " select 'default.u' || n || '.facts', 'k', '{}' from generate_series(1, 20000) n"
        )
        await conn.execute("analyze store")

    async with make_pool(database, size=1, name="test", role="holdfast_system") as pool:
        store = Stores(Memory(), pool).of("default")
        before = await whole_reads(pool)
        assert [item.namespace for item in await store.asearch(("u77",))] == [("u77", "facts")]
        assert await whole_reads(pool) == before


async def whole_reads(pool: Pool) -> int:
    """How often the table of items was read from end to end."""
    async with pool.connection() as conn:
        await conn.execute("select pg_stat_force_next_flush()")
        query = "select seq_scan from pg_stat_user_tables where relname = 'store'"
        row = await (await conn.execute(query)).fetchone()
    assert row is not None
    return int(row["seq_scan"])


class Slow(Embeddings):
    """Embeds when it is released."""

    def __init__(self) -> None:
        self.release = threading.Event()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.release.wait(30)
        return [[1.0, 0.0] for _ in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


async def test_a_slow_embedding_holds_no_connection_and_nobody_else_up(database: str) -> None:
    slow = Slow()
    async with make_pool(database, size=1, name="test", role="holdfast_system") as pool:
        memory = Memory(StoreConfig(index=IndexSpec(2, "unused:unused")))
        await ensure_vectors(pool, 2)
        memory.embeddings = OneLoopEmbeddings(slow, dims=2)
        store = Stores(memory, pool).of("default")
        writing = [asyncio.create_task(store.aput(("a",), str(n), {"n": n})) for n in range(5)]
        async with asyncio.timeout(5):
            await store.aput(("b",), "quick", {}, index=False)
            assert await store.aget(("b",), "quick") is not None
        assert not any(task.done() for task in writing)
        slow.release.set()
        await asyncio.gather(*writing)
        assert len(await store.asearch(("a",), query="x")) == 5


async def test_a_user_who_may_not_enable_pgvector_is_told_who_may(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("drop role if exists plain")
        conn.execute("create role plain login")
        conn.execute("grant holdfast_system to plain")
        conn.execute("grant usage on schema holdfast to plain")
        conn.execute("alter function holdfast.make_vectors(int) owner to plain")
    url = database.replace("postgres:@", "plain:@")
    async with make_pool(url, size=1, name="test", role="holdfast_system") as pool:
        with pytest.raises(NoVectors, match="create extension vector"):
            await ensure_vectors(pool, 3)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("reassign owned by plain to current_user")
        conn.execute("drop owned by plain")
        conn.execute("drop role plain")
