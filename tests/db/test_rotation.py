"""Keys change while rows stay: everything is brought under the newest one, and nothing is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from db.lane import LEASE, Lane
from db.test_sealed_saver import WORD, ran
from psycopg.rows import dict_row
from readable import readable

from holdfast_server.db.keys import check_keys
from holdfast_server.db.pool import Pool, make_pool
from holdfast_server.errors import DatabaseError
from holdfast_server.memory.store import Memory
from holdfast_server.memory.tenants import Stores
from holdfast_server.rotation.rotation import Report, rotate
from holdfast_server.runs.end import Ended
from holdfast_server.runs.events import Event
from holdfast_server.runs.lease import claim, finish
from holdfast_server.sealing.errors import UnknownKey
from holdfast_server.sealing.house import seal_text, sealing_with
from holdfast_server.sealing.key import Key
from holdfast_server.sealing.sealer import Sealer

OLD, NEW = Key.of(bytes(32)), Key.of(bytes(31) + b"\x01")
# A row for each table, as the house writes it.
ROWS = {
    "cron": "insert into cron (cron_id, assistant_id, schedule, payload, configurable)"
    " values (gen_random_uuid(), gen_random_uuid(), '* * * * *', %(json)s, %(json)s)",
    "cron_firing": "insert into cron_firing (cron_id, fire_time, error)"
    " select cron_id, now(), %(text)s from cron",
    "graph": "insert into graph (graph_id, error) values ('g', %(text)s)",
    "effect": "insert into effect (effect_key, run_id, thread_id, task_id, call_id, tool, kind, args_hash,"
    " nonce, result) values ('k', gen_random_uuid(), gen_random_uuid(), 't', 'c', 'tool', 'read', 'h',"
    " gen_random_uuid(), %(text)s)",
    "ask": "insert into ask (ask_id, verb, question, answer, error)"
    " values (gen_random_uuid(), 'state', %(json)s, %(text)s, %(json)s)",
    "assistant": "insert into assistant (assistant_id, graph_id, name, config, context)"
    " values (gen_random_uuid(), 'g', 'n', %(json)s, %(json)s)",
}


async def filled(pool: Pool) -> None:
    """Something in every table that is ever sealed."""
    await ran(pool, {"kept": WORD, "flag": True, "number": 2.5})
    await Stores(Memory(), pool).of("default").aput(("a",), "k", {"text": WORD})
    lane = Lane(pool)
    row = await lane.admitted(webhook=f"http://x/{WORD}", kwargs={"input": {"x": WORD, "y": "\x00"}})
    error = {"error": "ValueError", "message": WORD}
    end = Ended("error", "error", values=json.dumps({"x": WORD}), error=error)
    assert await finish(pool, await lane.claim(row), end, last_events=[Event("values", json.dumps(WORD))])
    params = {"json": seal_text(json.dumps({"x": WORD})), "text": seal_text(WORD)}
    async with pool.connection() as conn:
        for insert in ROWS.values():
            await conn.execute(insert, params)


async def contents(pool: Pool) -> dict[str, list[dict[str, Any]]]:
    """All tables as our statements see them."""
    async with pool.connection() as conn:
        names = ("thread", "run", "event", "webhook", *ROWS)
        return {n: await (await conn.execute(f"select * from {n}")).fetchall() for n in names}


def silent(line: str) -> None:
    """Nobody listens."""


async def rotated(database: str, sealer: Sealer) -> Report:
    with sealing_with(sealer):
        await check_keys(database, sealer)
        report = await rotate(database, silent)
    assert (report.left, report.refused) == (0, {})
    return report


async def test_everything_is_sealed_rotated_and_made_readable_again(database: str) -> None:
    async with make_pool(database, size=4, name="test", role="holdfast_system", tenant="default") as pool:
        await filled(pool)
        before = await contents(pool)
        state = await ran(pool, None)
    tables = {found.partition(":")[0] for found in readable(database, [WORD])}
    assert tables == {
        "thread", "run", "event", "webhook", "store", "checkpoints", "checkpoint_blobs", "checkpoint_writes",
        "assistant_version", *ROWS,
    }  # fmt: skip

    assert (await rotated(database, Sealer(OLD))).retired == []
    assert readable(database, [WORD]) == []
    assert (await rotated(database, Sealer(NEW, [OLD]))).retired == [OLD.id]
    assert readable(database, [WORD]) == []
    assert (await rotated(database, Sealer(NEW))).resealed == 0
    with sealing_with(Sealer(NEW)):
        async with make_pool(database, size=4, name="test", role="holdfast_system", tenant="default") as pool:
            assert await opened_like(pool, before)
            assert (await ran(pool, None)).values == state.values
            item = await Stores(Memory(), pool).of("default").aget(("a",), "k")
            assert item is not None
            assert item.value == {"text": WORD}

    assert (await rotated(database, Sealer(None, [NEW]))).retired == [NEW.id]
    await check_keys(database, Sealer())
    async with make_pool(database, size=4, name="test", role="holdfast_system", tenant="default") as pool:
        assert await opened_like(pool, before)
        assert (await ran(pool, None)).values == state.values


async def opened_like(pool: Pool, before: dict[str, list[dict[str, Any]]]) -> bool:
    """Whether the tables say what they said; what PostgreSQL put together is looked at piece by piece."""
    now = await contents(pool)
    for rows in (*now["webhook"], *before["webhook"]):
        rows.pop("run", None)
    for table in before:
        assert sorted(map(str, now[table])) == sorted(map(str, before[table])), table
    return True


async def test_a_process_without_the_key_does_not_start(database: str) -> None:
    await check_keys(database, Sealer(OLD))
    for sealer in (Sealer(), Sealer(NEW)):
        with pytest.raises(DatabaseError, match=f"sealed with key {OLD.id}.*old_keys"):
            await check_keys(database, sealer)
    await check_keys(database, Sealer(NEW, [OLD]))


async def test_a_key_is_not_given_up_while_a_process_writes_with_it(database: str) -> None:
    await check_keys(database, Sealer(OLD))
    with sealing_with(Sealer(OLD)):
        worker = make_pool(database, size=2, name="worker", role="holdfast_system", tenant="default")
    async with worker:
        await worker.wait()
        with sealing_with(Sealer(NEW, [OLD])):
            report = await rotate(database, silent)
        assert (report.writers, report.retired) == ({OLD.id: 2}, [])
    with sealing_with(Sealer(NEW, [OLD])):
        assert (await rotate(database, silent)).retired == [OLD.id]


async def test_a_row_in_use_is_left_for_the_next_time(database: str) -> None:
    async with make_pool(database, size=4, name="test", role="holdfast_system", tenant="default") as pool:
        await filled(pool)
        with sealing_with(Sealer(OLD)):
            async with pool.connection() as conn, conn.transaction():
                await conn.execute("select from graph for update")
                assert (await rotate(database, silent)).left == 1
            assert (await rotate(database, silent)).left == 0


async def test_a_row_that_cannot_be_opened_keeps_no_other_from_being_sealed(database: str) -> None:
    async with make_pool(database, size=4, name="test", role="holdfast_system", tenant="default") as pool:
        with sealing_with(Sealer(OLD)):
            await filled(pool)
        async with pool.connection() as conn:
            with sealing_with(Sealer(Key.of(b"?" * 32))):
                await conn.execute("update effect set result = %s", [seal_text(WORD)])
    with sealing_with(Sealer(NEW, [OLD])):
        report = await rotate(database, silent)
    assert report.left == 1
    [(reason, number)] = report.refused.items()
    assert (reason.startswith("effect: "), number) == (True, 1)


async def test_a_run_of_another_key_is_given_back_and_a_damaged_one_ends(database: str) -> None:
    async with make_pool(database, size=4, name="test", role="holdfast_system", tenant="default") as pool:
        lane = Lane(pool)
        with sealing_with(Sealer(OLD)):
            row = await lane.admitted(kwargs={"input": 1})
        with sealing_with(Sealer(NEW)), pytest.raises(UnknownKey, match=OLD.id):
            await lane.claim(row)
        assert (await state_of(pool, row))[:2] == ("ready", 0)
        async with pool.connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
            damaged = json.dumps({"$sealed": f"{OLD.id}.AAAA"})
            await cursor.execute("update run set kwargs = %s::json", [damaged])
            await cursor.execute("select * from run")
            again = await cursor.fetchone()
        assert again is not None
        with sealing_with(Sealer(OLD)):
            ids = {"ticket": again["ticket"], "worker_id": lane.worker_id, "lease": LEASE}
            assert await claim(pool, again["run_id"], **ids) is None
            assert (await state_of(pool, row))[0] == "error"


async def state_of(pool: Pool, row: Any) -> tuple[str, int]:
    async with pool.connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("select state, attempts from run where run_id = %s", [row["run_id"]])
        found = await cursor.fetchone()
    assert found is not None
    return found["state"], found["attempts"]
