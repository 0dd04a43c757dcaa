"""A superseded worker writes nothing: not a checkpoint, not an event, not an effect, not an end."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from db.lane import Lane
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from psycopg import AsyncConnection

from holdfast_server.db.pool import Conn, Pool
from holdfast_server.errors import HoldfastError, LeaseLost, ThreadBusy
from holdfast_server.runs.end import Ended
from holdfast_server.runs.events import Event, EventLog
from holdfast_server.runs.lease import finish
from holdfast_server.runs.run import ClaimedRun
from holdfast_server.supervision.effects import PostgresLedger
from holdfast_server.supervision.fence import IdleFence, RunFence
from holdfast_server.supervision.saver import FencedSaver
from holdfast_tools.ledger import Effect, Fresh, Settled, Unknown


def config_of(run: ClaimedRun) -> RunnableConfig:
    return {"configurable": {"thread_id": str(run.thread_id), "checkpoint_ns": ""}}


def effect_of(run: ClaimedRun, key: str = "k") -> Effect:
    return Effect(key, "pay", "at_most_once", str(run.thread_id), "task", "call", "hash")


async def nothing() -> None:
    return None


async def test_the_owner_saves_a_checkpoint_and_a_zombie_does_not(pool: Pool, lane: Lane) -> None:
    first = await lane.claimed()
    zombie = FencedSaver(pool, RunFence(first.run_id, first.epoch))
    second = await lane.taken_over(first)
    owner = FencedSaver(pool, RunFence(second.run_id, second.epoch))

    with pytest.raises(LeaseLost):
        await zombie.aput(config_of(first), empty_checkpoint(), {"source": "loop", "step": 1}, {})
    await owner.aput(config_of(second), empty_checkpoint(), {"source": "loop", "step": 2}, {})

    assert [row["step"] for row in await lane.checkpoints()] == [2]


async def test_a_zombie_that_lost_one_commit_never_commits_again(pool: Pool, lane: Lane) -> None:
    run = await lane.claimed()
    saver = FencedSaver(pool, RunFence(run.run_id, run.epoch))
    await lane.taken_over(run)

    for _ in range(2):
        with pytest.raises(LeaseLost):
            await saver.aput(config_of(run), empty_checkpoint(), {"source": "loop", "step": 1}, {})

    assert await lane.checkpoints() == []


async def test_a_change_of_owner_and_a_stale_commit_never_both_win(pool: Pool, lane: Lane) -> None:
    """The commit takes a lock with its check: whichever is first, the other sees it."""
    for step in range(20):
        run = await lane.claimed()
        saver = FencedSaver(pool, RunFence(run.run_id, run.epoch))
        put = saver.aput(config_of(run), empty_checkpoint(), {"source": "loop", "step": step}, {})
        saved, new_owner = await asyncio.gather(put, lane.taken_over(run), return_exceptions=True)
        assert isinstance(new_owner, ClaimedRun)
        rows = [row for row in await lane.checkpoints() if row["step"] == step]
        assert len(rows) == (0 if isinstance(saved, HoldfastError) else 1)
        assert await lane.ended(new_owner)


async def test_a_zombie_starts_no_effect_and_settles_none(pool: Pool, lane: Lane) -> None:
    run = await lane.claimed()
    ledger = PostgresLedger(pool, RunFence(run.run_id, run.epoch), nothing)
    assert await ledger.reserve(effect_of(run)) == Fresh()
    new_owner = await lane.taken_over(run)

    with pytest.raises(LeaseLost):
        await ledger.settle("k", result='"paid"', failed=False)
    with pytest.raises(LeaseLost):
        await ledger.reserve(effect_of(run, "other"))

    owner = PostgresLedger(pool, RunFence(new_owner.run_id, new_owner.epoch), nothing)
    assert isinstance(await owner.reserve(effect_of(run)), Unknown)
    assert await owner.reserve(effect_of(run, "other")) == Fresh()


async def test_a_settled_effect_is_found_settled_by_the_next_owner(pool: Pool, lane: Lane) -> None:
    run = await lane.claimed()
    ledger = PostgresLedger(pool, RunFence(run.run_id, run.epoch), nothing)
    await ledger.reserve(effect_of(run))
    await ledger.settle("k", result='"paid"', failed=False)
    new_owner = await lane.taken_over(run)

    owner = PostgresLedger(pool, RunFence(new_owner.run_id, new_owner.epoch), nothing)
    assert await owner.reserve(effect_of(run)) == Settled('"paid"', failed=False)


async def test_a_transactional_effect_and_its_settlement_are_one_commit(
    pool: Pool, lane: Lane, owner: Conn
) -> None:
    run = await lane.claimed()
    ledger = PostgresLedger(pool, RunFence(run.run_id, run.epoch), nothing)
    await owner.execute("create table bank (amount int)")
    await owner.execute("grant select, insert on bank to holdfast_app, holdfast_system")
    await ledger.reserve(effect_of(run))

    async def pay(amount: int, *, crash: bool) -> None:
        async with ledger.transaction(effect_of(run)) as transaction:
            assert isinstance(transaction.handle, AsyncConnection)
            await transaction.handle.execute("insert into bank values (%s)", [amount])
            await transaction.settle(result='"paid"', failed=False)
            if crash:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await pay(1, crash=True)
    await pay(2, crash=False)

    assert await lane.select("select amount from bank") == [{"amount": 2}]
    assert isinstance(await ledger.reserve(effect_of(run)), Settled)


async def test_a_zombie_neither_ends_its_run_nor_adds_events(pool: Pool, lane: Lane) -> None:
    run = await lane.claimed()
    log = EventLog(pool, run_id=run.run_id, epoch=run.epoch)
    await lane.taken_over(run)

    await log.append(Event("values", '{"zombie": true}'))
    await log.flush()

    assert not await finish(pool, run, Ended("success", "idle"), last_events=[])
    assert [row["name"] for row in await lane.events(run.run_id)] == ["metadata", "metadata"]
    assert (await lane.run(run.run_id))["state"] == "running"


async def test_an_edit_of_the_state_is_refused_once_a_run_is_admitted(pool: Pool, lane: Lane) -> None:
    await lane.execute("insert into thread (thread_id) values (%s)", [lane.thread_id])
    editor = FencedSaver(pool, IdleFence(lane.thread_id))
    config: RunnableConfig = {"configurable": {"thread_id": str(lane.thread_id), "checkpoint_ns": ""}}
    await editor.aput(config, empty_checkpoint(), {"source": "update", "step": 0}, {})
    await lane.admitted()

    with pytest.raises(ThreadBusy):
        await editor.aput(config, empty_checkpoint(), {"source": "update", "step": 1}, {})

    assert [row["step"] for row in await lane.checkpoints()] == [0]


async def test_rows_of_unknown_runs_are_refused(pool: Pool, lane: Lane) -> None:
    saver = FencedSaver(pool, RunFence(UUID(int=0), 1))
    with pytest.raises(LeaseLost):
        await saver.aput(
            {"configurable": {"thread_id": "t", "checkpoint_ns": ""}},
            empty_checkpoint(),
            {"source": "loop", "step": 1},
            {},
        )


async def test_a_result_that_cannot_be_stored_ends_its_run_and_says_so(pool: Pool, lane: Lane) -> None:
    run = await lane.claimed()
    assert await finish(pool, run, Ended("success", "idle", values='{"no": json'), last_events=[])
    row = await lane.run(run.run_id)
    assert (row["state"], "cannot be stored" in row["error"]["message"]) == ("error", True)
