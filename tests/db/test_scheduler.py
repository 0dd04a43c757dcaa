"""A cron fires once however many schedulers run, and goes on whatever becomes of a firing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from db.lane import Lane
from psycopg import Error
from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.db.pool import Conn, Pool
from holdfast_server.db.statements import statement
from holdfast_server.workers.scheduler import Scheduler

ASSISTANT = uuid7()


@dataclass
class Clockwork:
    """Crons of one assistant, and what they started."""

    lane: Lane
    pool: Pool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = self.lane.pool

    async def cron(self, due: str = "now()", **changes: Any) -> UUID:
        """A cron that is due at an SQL moment."""
        cron_id = uuid7()
        columns: dict[str, Any] = {
            "cron_id": cron_id,
            "assistant_id": ASSISTANT,
            "schedule": "* * * * *",
            "payload": wire.dumps_text({"input": {"x": 1}}),
        } | changes
        names, marks = ", ".join(columns), ", ".join(["%s"] * len(columns))
        await self.lane.execute(
            f"insert into cron ({names}, next_run_date) values ({marks}, {due})", list(columns.values())
        )
        return cron_id

    async def fire(self, schedulers: int = 1) -> None:
        """Lets schedulers look at the same moment."""
        await asyncio.gather(*(Scheduler(self.pool).tick() for _ in range(schedulers)))

    async def firings(self, cron_id: UUID) -> list[dict[str, Any]]:
        """What a cron did."""
        return await self.lane.select("select * from cron_firing where cron_id = %s", [cron_id])

    async def row(self, cron_id: UUID) -> dict[str, Any]:
        """A cron, and whether its next date lies ahead."""
        sql = "select *, next_run_date > clock_timestamp() as ahead from cron where cron_id = %s"
        return (await self.lane.select(sql, [cron_id]))[0]


@pytest.fixture
async def clockwork(lane: Lane) -> Clockwork:
    """An assistant whose graph works."""
    await lane.execute("insert into graph (graph_id) values ('g')")
    await lane.execute(
        "insert into assistant (assistant_id, graph_id, name) values (%s, 'g', 'a')", [ASSISTANT]
    )
    return Clockwork(lane)


@pytest.mark.behaviour("crons.fires-once")
async def test_eight_schedulers_fire_fifty_crons_once_each(clockwork: Clockwork) -> None:
    crons = [await clockwork.cron() for _ in range(50)]
    await clockwork.fire(schedulers=8)
    runs = await clockwork.lane.select("select run_id from run")
    assert len(runs) == 50
    for cron_id in crons:
        (firing,) = await clockwork.firings(cron_id)
        assert firing["run_id"] in {run["run_id"] for run in runs}
        assert (await clockwork.row(cron_id))["ahead"]


async def test_a_cron_does_not_fire_before_its_time(clockwork: Clockwork) -> None:
    cron_id = await clockwork.cron("now() + interval '1 hour'")
    await clockwork.fire()
    assert await clockwork.firings(cron_id) == []


@pytest.mark.behaviour("crons.fires-once")
async def test_a_moment_that_fired_already_does_not_fire_again(clockwork: Clockwork) -> None:
    cron_id = await clockwork.cron("date_trunc('minute', now())")
    await clockwork.fire()
    await clockwork.lane.execute("update cron set next_run_date = date_trunc('minute', now())")
    await clockwork.fire()
    assert len(await clockwork.firings(cron_id)) == 1
    assert (await clockwork.row(cron_id))["ahead"]


async def test_after_three_days_without_a_scheduler_it_fires_once_and_goes_on(clockwork: Clockwork) -> None:
    cron_id = await clockwork.cron("now() - interval '3 days'")
    await clockwork.fire()
    assert len(await clockwork.firings(cron_id)) == 1
    assert (await clockwork.row(cron_id))["ahead"]


@pytest.mark.behaviour("crons.ends")
@pytest.mark.parametrize(
    ("end", "fired", "goes_on"),
    [
        ("now() + interval '1 day'", 1, True),
        ("now() + interval '1 second'", 1, False),
        ("now()", 1, False),
        ("now() - interval '1 hour'", 0, False),
    ],
)
async def test_past_its_end_it_stops(clockwork: Clockwork, end: str, fired: int, goes_on: bool) -> None:
    cron_id = await clockwork.cron("now() - interval '2 hours'")
    await clockwork.lane.execute(f"update cron set end_time = {end}")
    await clockwork.fire()
    assert len(await clockwork.firings(cron_id)) == fired
    assert ((await clockwork.row(cron_id))["next_run_date"] is not None) is goes_on


async def test_a_cron_whose_assistant_is_gone_says_so_and_is_disabled(clockwork: Clockwork) -> None:
    cron_id = await clockwork.cron(assistant_id=uuid7())
    await clockwork.fire()
    (firing,) = await clockwork.firings(cron_id)
    assert "was deleted" in firing["error"]
    row = await clockwork.row(cron_id)
    assert (row["enabled"], row["next_run_date"]) == (False, None)


async def test_a_cron_whose_thread_is_gone_says_so_and_is_disabled(clockwork: Clockwork) -> None:
    cron_id = await clockwork.cron(thread_id=uuid7())
    await clockwork.fire()
    (firing,) = await clockwork.firings(cron_id)
    assert "thread" in firing["error"]
    assert not (await clockwork.row(cron_id))["enabled"]
    assert await clockwork.lane.select("select from run") == []


async def test_a_thread_that_was_given_to_somebody_else_is_not_run_on(clockwork: Clockwork) -> None:
    await clockwork.lane.admitted()
    of_ada = ['{"owner": "ada"}']
    cron_id = await clockwork.cron(thread_id=clockwork.lane.thread_id, visible=of_ada)
    await clockwork.fire()
    assert (await clockwork.firings(cron_id))[0]["run_id"] is None
    assert len(await clockwork.lane.states()) == 1


async def test_a_broken_graph_and_a_busy_thread_cost_one_firing(clockwork: Clockwork) -> None:
    await clockwork.lane.admitted()
    reject = wire.dumps_text({"multitask_strategy": "reject"})
    busy = await clockwork.cron(thread_id=clockwork.lane.thread_id, payload=reject)
    await clockwork.fire()
    assert "busy" in (await clockwork.firings(busy))[0]["error"]
    await clockwork.lane.execute("update graph set error = 'no such module'")
    broken = await clockwork.cron()
    await clockwork.fire()
    assert "no such module" in (await clockwork.firings(broken))[0]["error"]
    assert all([(await clockwork.row(cron_id))["ahead"] for cron_id in (busy, broken)])


async def test_a_cron_that_cannot_be_fired_does_not_keep_the_others_from_it(clockwork: Clockwork) -> None:
    poison = await clockwork.cron("now() - interval '1 minute'", payload='{"config": "no object"}')
    fine = await clockwork.cron()
    await clockwork.fire()
    (firing,) = await clockwork.firings(poison)
    assert firing["error"].startswith("AttributeError")
    assert (await clockwork.firings(fine))[0]["run_id"] is not None


async def test_a_schedule_that_this_release_cannot_read_is_disabled(clockwork: Clockwork) -> None:
    cron_id = await clockwork.cron(timezone="Atlantis/Capital")
    await clockwork.fire()
    assert not (await clockwork.row(cron_id))["enabled"]


async def test_a_firing_that_is_broken_off_leaves_nothing_behind(clockwork: Clockwork, owner: Conn) -> None:
    cron_id = await clockwork.cron()
    await owner.execute("alter table cron add constraint no check (next_run_date < now()) not valid")
    with pytest.raises(Exception, match="no"):
        await Scheduler(clockwork.pool).tick()
    assert await clockwork.firings(cron_id) == []
    assert await clockwork.lane.select("select from run") == []
    await owner.execute("alter table cron drop constraint no")
    await clockwork.fire()
    assert len(await clockwork.firings(cron_id)) == 1


@pytest.mark.behaviour("crons.kept-threads")
async def test_a_run_inherits_metadata_user_and_cron(clockwork: Clockwork) -> None:
    cron_id = await clockwork.cron(
        metadata='{"owner": "ada"}', configurable='{"langgraph_auth_user_id": "ada"}', on_run_completed="keep"
    )
    await clockwork.fire()
    (run,) = await clockwork.lane.select(
        "select r.*, t.metadata as of_thread, temporary from run r join thread t using (thread_id)"
    )
    assert run["metadata"]["owner"] == run["of_thread"]["owner"] == "ada"
    assert run["metadata"]["cron_id"] == run["of_thread"]["cron_id"] == str(cron_id)
    assert run["kwargs"]["config"]["configurable"]["cron_id"] == str(cron_id)
    assert run["kwargs"]["brought"]["langgraph_auth_user_id"] == "ada"
    assert (run["temporary"], run["kwargs"]["input"]) == (False, {"x": 1})


async def test_a_scheduler_that_freezes_in_a_firing_loses_it_to_another(clockwork: Clockwork) -> None:
    cron_id = await clockwork.cron()
    async with await clockwork.pool.getconn() as frozen:
        await frozen.execute("begin")
        await frozen.execute(statement("take_due_cron"))
        await clockwork.fire()
        assert await clockwork.firings(cron_id) == []
        async with asyncio.timeout(8):
            while not await clockwork.firings(cron_id):
                await clockwork.fire()
                await asyncio.sleep(0.1)
        with pytest.raises(Error):
            await frozen.execute("select 1")
    await clockwork.pool.putconn(frozen)
