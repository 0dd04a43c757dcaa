"""Row-level security: the database shows a tenant its own rows, whatever a statement forgets to ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from db.lane import Lane
from psycopg.errors import InsufficientPrivilege, NotNullViolation
from psycopg.sql import SQL, Identifier

from holdfast_server.db.pool import Conn, Pool, TenantPool, make_pool
from holdfast_server.memory.store import Memory
from holdfast_server.memory.tenants import Stores

# What belongs to nobody: the house itself, and what libraries note down about their own schema.
HOUSE = {
    "graph", "worker", "thread_lifetime", "migration", "checkpoint_migrations", "store_migrations",
    "vector_migrations", "rate_bucket",
    "sealing_key",
}  # fmt: skip
ENGINE = "procrastinate_"
# Nobody but the owner of the database reads these.
CLOSED = {"api_key"}


@pytest.fixture
async def app(database: str) -> AsyncIterator[Pool]:
    """Connections that see one tenant."""
    async with make_pool(database, size=4, name="test", role="holdfast_app") as pool:
        yield pool


async def rows(conn: Conn, query: LiteralString, *params: Any) -> list[Any]:
    return await (await conn.execute(query, params)).fetchall()


async def tables(owner: Conn, *, owned: bool) -> set[str]:
    """The tables with a tenant, or those without."""
    found = await rows(
        owner,
        "select relname from pg_class c where relkind = 'r' and relnamespace = 'holdfast'::regnamespace and"
        " exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant'"
        " and not attisdropped) = %s",
        owned,
    )
    return {row["relname"] for row in found}


async def test_every_table_belongs_to_tenants_or_is_the_houses(owner: Conn) -> None:
    left = {name for name in await tables(owner, owned=False) if not name.startswith(ENGINE)}
    assert left <= HOUSE, "give these tables a tenant"
    guarded = await rows(owner, "select relname from pg_class where relrowsecurity")
    assert {row["relname"] for row in guarded} == await tables(owner, owned=True)


async def test_the_application_owns_nothing_and_reads_no_tickets(owner: Conn, app: Pool) -> None:
    owned = "select from pg_class where pg_get_userbyid(relowner) like 'holdfast%%'"
    assert await rows(owner, owned) == []
    unsafe = (
        "select from pg_roles where rolname like 'holdfast%%' and (rolsuper or rolbypassrls or rolcanlogin)"
    )
    assert await rows(owner, unsafe) == []
    engine = await rows(
        owner, "select relname from pg_class where relkind = 'r' and relname like 'procrastinate%%'"
    )
    for table in [*engine, *({"relname": name} for name in CLOSED)]:
        async with app.connection() as conn:
            with pytest.raises(InsufficientPrivilege):
                await conn.execute(SQL("select from {}").format(Identifier(table["relname"])))


@pytest.fixture
async def two_tenants(app: Pool, owner: Conn) -> list[str]:
    """Two tenants with a row in every table that has tenants; they use the same thread id."""
    names = ["acme", "acme.com"]
    thread_id, assistant_id = uuid4(), uuid4()
    for name in names:
        await owner.execute("select set_config('holdfast.tenant', %s, false)", [name])
        await owner.execute("insert into tenant (tenant) values (%s)", [name])
        things = {"thread": thread_id, "assistant": assistant_id, "id": uuid4()}
        for text in SCENE:
            await owner.execute(text, things)
        store = Stores(Memory(), app).of(name)
        await store.aput(("facts",), "k", {"of": name})
    return names


SCENE: tuple[LiteralString, ...] = (
    "insert into assistant (assistant_id, graph_id, name) values (%(assistant)s, 'g', 'a')",
    "insert into thread (thread_id) values (%(thread)s)",
    "insert into run (run_id, thread_id, assistant_id, graph_id, state, kwargs)"
    " values (%(id)s, %(thread)s, %(assistant)s, 'g', 'success', '{}')",
    "select append_events(%(thread)s, null, array['custom'], array['{}'])",
    "insert into effect (effect_key, run_id, thread_id, task_id, call_id, tool, kind, args_hash, nonce)"
    " values ('same', %(id)s, %(thread)s, 't', 'c', 'pay', 'read', 'h', %(id)s)",
    "insert into ask (ask_id, verb, question) values (%(id)s, 'state', '{}')",
    "insert into cron (cron_id, assistant_id, schedule, payload)"
    " values (%(id)s, %(assistant)s, '@daily', '{}')",
    "insert into cron_firing (cron_id, fire_time) values (%(id)s, now())",
    "insert into webhook (run_id, thread_id, url, run) values (%(id)s, %(thread)s, 'http://127.0.0.1', '{}')",
    "insert into checkpoints (thread_id, checkpoint_id, checkpoint) values (%(thread)s, 'c', '{}')",
    "insert into checkpoint_blobs (thread_id, channel, version, type) values (%(thread)s, 'c', '1', 'empty')",
    "insert into checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, blob)"
    " values (%(thread)s, 'c', 't', 0, 'c', '')",
)


async def test_a_forgotten_filter_shows_own_rows_and_no_others(
    two_tenants: list[str], app: Pool, owner: Conn
) -> None:
    for table in sorted(await tables(owner, owned=True) - CLOSED):
        every = SQL("select tenant from {}").format(Identifier(table))
        for name in two_tenants:
            async with TenantPool(app, name).connection() as conn:
                seen = {row["tenant"] for row in await (await conn.execute(every)).fetchall()}
            assert seen == {name}, f"{table}: add it to the scene, or guard it"
        async with TenantPool(app, "").connection() as conn:
            assert (await conn.execute(every)).rowcount == 0, table


async def test_nobody_changes_or_deletes_the_rows_of_others(
    two_tenants: list[str], app: Pool, owner: Conn
) -> None:
    first, second = two_tenants
    for table in sorted(await tables(owner, owned=True) - CLOSED - {"tenant"}):
        name = Identifier(table)
        async with TenantPool(app, first).connection() as conn:
            await conn.execute(SQL("delete from {}").format(name))
        left = await owner.execute(SQL("select tenant from {} where tenant = %s").format(name), [second])
        assert left.rowcount, table


async def test_nobody_writes_in_the_name_of_others(app: Pool) -> None:
    async with TenantPool(app, "acme").connection() as conn:
        with pytest.raises(InsufficientPrivilege, match="row-level security"):
            await conn.execute("insert into thread (tenant, thread_id) values ('other', %s)", [uuid4()])
        await conn.execute("insert into thread (thread_id) values (%s)", [uuid4()])
        with pytest.raises(InsufficientPrivilege, match="row-level security"):
            await conn.execute("update thread set tenant = 'other'")
    async with TenantPool(app, "").connection() as conn:
        with pytest.raises((InsufficientPrivilege, NotNullViolation)):
            await conn.execute("insert into thread (thread_id) values (%s)", [uuid4()])


async def test_the_house_sees_all_until_it_acts_for_one(two_tenants: list[str], database: str) -> None:
    async with make_pool(database, size=1, name="test", role="holdfast_system") as house:
        async with house.connection() as conn:
            assert len(await rows(conn, "select from thread")) == 2
        async with TenantPool(house, two_tenants[0]).connection() as conn:
            assert len(await rows(conn, "select from thread")) == 1
        async with TenantPool(house, "").connection() as conn:
            assert len(await rows(conn, "select from thread")) == 2


async def test_house_work_goes_through_the_tenants_one_by_one(database: str, owner: Conn) -> None:
    lanes = [working(database, name) for name in ("acme", "beta")]
    async with AsyncExitStack() as stack:
        for lane in lanes:
            await stack.enter_async_context(lane.pool)
        await both_claimed(lanes)
        await owner.execute("update run set lease_until = now() - interval '1 hour'")
        system = make_pool(database, size=1, name="test", role="holdfast_system")
        async with system as house, house.connection() as conn:
            found = await rows(conn, "select * from rescue(5, '0 s', '0 s')")
            assert [row["verdict"] for row in found] == ["ready", "ready"]
        for lane in lanes:
            assert [row["state"] for row in await lane.select("select state from run")] == ["ready"]


def working(database: str, tenant: str) -> Lane:
    """A lane of a tenant, on connections of its own."""
    pool = make_pool(database, size=2, name="test", role="holdfast_system", tenant=tenant)
    return Lane(pool, tenant=tenant)


async def both_claimed(lanes: list[Lane]) -> None:
    """One running run each, on threads with the same id."""
    thread_id = uuid4()
    for lane in lanes:
        lane.thread_id = thread_id
        await lane.claimed()


async def test_a_login_of_its_own_that_owns_nothing_is_enough(database: str, owner: Conn) -> None:
    login = f"modest_{uuid4().hex[:8]}"
    await owner.execute(
        SQL("create role {} login in role holdfast_app, holdfast_system").format(Identifier(login))
    )
    url = database.replace("postgres:@", f"{login}:@")
    with psycopg.connect(url) as conn, pytest.raises(InsufficientPrivilege):
        conn.execute("drop table holdfast.thread")
    app = make_pool(url, size=1, name="test", role="holdfast_app")
    async with app as pool, TenantPool(pool, "acme").connection() as conn:
        await conn.execute("insert into thread (thread_id) values (%s)", [uuid4()])
        assert len(await rows(conn, "select from thread")) == 1
    await owner.execute(SQL("drop role {}").format(Identifier(login)))


async def test_who_is_cancelled_while_it_comes_leaves_no_tenant_behind(app: Pool) -> None:
    acme, other = TenantPool(app, "acme"), TenantPool(app, "other")
    for pause in range(40):
        async with acme.connection(), acme.connection(), acme.connection(), acme.connection():
            pass
        coming = [asyncio.create_task(named(other)) for _ in range(4)]
        await asyncio.sleep(pause / 10_000)
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        assert set(await asyncio.gather(*(named(acme) for _ in range(8)))) == {"acme"}


async def named(pool: TenantPool) -> str:
    """The tenant that PostgreSQL sees on a connection."""
    async with pool.connection() as conn:
        [row] = await rows(conn, "select current_tenant() as tenant")
    return str(row["tenant"])
