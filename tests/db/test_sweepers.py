"""Sweepers: whose time is over goes, by the database's clock, and never what is in use."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from holdfast_server.config.checkpointer import CheckpointerConfig
from holdfast_server.config.store import StoreConfig
from holdfast_server.db.pool import Pool
from holdfast_server.memory.store import Memory
from holdfast_server.memory.tenants import Stores
from holdfast_server.workers.sweeper import StoreSweeper, ThreadSweeper, publish_lifetime


async def add(pool: Pool, **columns: Any) -> str:
    """A thread whose time has been over for a minute, unless told otherwise."""
    thread_id = str(uuid4())
    wanted = {"status": "idle", "ttl_strategy": "delete", "ttl_minutes": 1.0, "temporary": False} | columns
    async with pool.connection() as conn:
        await conn.execute(
            "insert into thread (thread_id, status, ttl_strategy, ttl_minutes, temporary)"
            " values (%(id)s, %(status)s, %(ttl_strategy)s, %(ttl_minutes)s, %(temporary)s)",
            {"id": thread_id, **wanted},
        )
    return thread_id


async def let_expire(pool: Pool) -> None:
    """Two minutes pass for every thread that has an end."""
    async with pool.connection() as conn:
        await conn.execute("update thread set expires_at = expires_at - interval '2 minutes'")


async def one(pool: Pool, query: Any, *params: Any) -> Any:
    """The one value that a query answers."""
    async with pool.connection() as conn:
        row = await (await conn.execute(query, params)).fetchone()
    return None if row is None else next(iter(row.values()))


async def left(pool: Pool, *thread_ids: str) -> list[bool]:
    """Which of these are still there."""
    return [await one(pool, "select exists (select from thread where thread_id = %s)", t) for t in thread_ids]


async def test_only_idle_threads_whose_time_is_over_go(pool: Pool) -> None:
    gone = await add(pool)
    busy = await add(pool, status="busy")
    waiting = await add(pool, ttl_minutes=60.0)
    forever = await add(pool, ttl_strategy=None, ttl_minutes=None)
    await let_expire(pool)
    await ThreadSweeper(pool, CheckpointerConfig()).tick()
    assert await left(pool, gone, busy, waiting, forever) == [False, True, True, True]


async def test_a_used_thread_lives_on(pool: Pool) -> None:
    used = await add(pool)
    await let_expire(pool)
    async with pool.connection() as conn:
        await conn.execute("update thread set updated_at = clock_timestamp() where thread_id = %s", [used])
    await ThreadSweeper(pool, CheckpointerConfig()).tick()
    assert await left(pool, used) == [True]


async def test_a_round_is_bounded(pool: Pool) -> None:
    threads = [await add(pool) for _ in range(30)]
    await let_expire(pool)
    sweeper = ThreadSweeper(pool, CheckpointerConfig(sweep_limit=25))
    await sweeper.tick()
    assert sum(await left(pool, *threads)) == 5
    await sweeper.tick()
    assert sum(await left(pool, *threads)) == 0


async def test_a_reduced_thread_is_not_looked_at_again_until_it_is_used(pool: Pool) -> None:
    kept = await add(pool, ttl_strategy="keep_latest")
    await let_expire(pool)
    await ThreadSweeper(pool, CheckpointerConfig()).tick()
    assert await left(pool, kept) == [True]
    assert await one(pool, "select expires_at from thread where thread_id = %s", kept) is None
    async with pool.connection() as conn:
        await conn.execute("update thread set updated_at = clock_timestamp() where thread_id = %s", [kept])
    assert await one(pool, "select expires_at > clock_timestamp() from thread where thread_id = %s", kept)


async def test_new_threads_live_as_long_as_the_config_says_and_temporary_ones_have_their_own_end(
    pool: Pool,
) -> None:
    none: dict[str, Any] = {"ttl_strategy": None, "ttl_minutes": None}
    before = await add(pool, **none)
    await publish_lifetime(pool, CheckpointerConfig(strategy="keep_latest", default_ttl=0.5))
    after, own, temporary = await add(pool, **none), await add(pool), await add(pool, temporary=True, **none)
    await publish_lifetime(pool, CheckpointerConfig())
    later = await add(pool, **none)
    query = "select ttl_strategy || ' ' || ttl_minutes from thread where thread_id = %s"
    found = [await one(pool, query, t) for t in (before, after, own, temporary, later)]
    assert found == [None, "keep_latest 0.5", "delete 1", None, None]


@pytest.mark.behaviour("store.item-ttl")
async def test_expired_items_are_invisible_at_once_and_deleted_by_the_sweep(pool: Pool) -> None:
    store = Stores(Memory(StoreConfig(default_ttl=10.0)), pool).of("default")
    for key, ttl in (("short", 1.0), ("half", 0.5), ("long", 60.0), ("forever", None)):
        await store.aput(("a",), key, {}, ttl=ttl)
    await store.aput(("a",), "default", {})
    assert await one(pool, "select ttl_minutes from store where key = 'half'") == 0.5
    async with pool.connection() as conn:
        await conn.execute("update store set expires_at = expires_at - interval '2 minutes'")
    assert {item.key for item in await store.asearch(("a",))} == {"long", "forever", "default"}
    assert await store.aget(("a",), "short") is None
    await StoreSweeper(pool, StoreConfig()).tick()
    assert await one(pool, "select count(*) from store") == 3


@pytest.mark.behaviour("store.refresh-ttl")
async def test_reading_starts_an_items_time_anew_unless_told_not_to(pool: Pool) -> None:
    store = Stores(Memory(StoreConfig(refresh_on_read=False)), pool).of("default")

    async def minutes_left() -> float:
        query = "select extract(epoch from expires_at - clock_timestamp())::float8 / 60 from store"
        return float(await one(pool, query))

    await store.aput(("a",), "k", {}, ttl=10)
    async with pool.connection() as conn:
        await conn.execute("update store set expires_at = expires_at - interval '5 minutes'")
    await store.aget(("a",), "k")
    await store.asearch(("a",))
    assert await minutes_left() < 6
    await store.asearch(("a",), refresh_ttl=True)
    assert await minutes_left() > 9
