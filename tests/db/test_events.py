"""Stream events: in one order for all who write on a thread, and kept only so long and so many."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from api.scene import until
from db.lane import Lane

from holdfast_server.db.pool import Conn, Pool
from holdfast_server.db.statements import statement
from holdfast_server.runs.events import Event, EventLog
from holdfast_server.runs.run import ClaimedRun
from holdfast_server.settings import Settings
from holdfast_server.workers.pruner import Pruner


async def said(lane: Lane, run: ClaimedRun, *texts: str) -> None:
    """Appends events as a worker does it."""
    log = EventLog(lane.pool, run_id=run.run_id, epoch=run.epoch)
    for text in texts:
        await log.append(Event("custom", text))
    await log.flush()
    await log.close()


async def heard(lane: Lane, after: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """One page of the thread, as its readers get it."""
    params = {
        "thread_id": lane.thread_id,
        "tenant": "default",
        "visible": None,
        "shown": None,
        "after": after,
    }
    async with lane.pool.connection() as conn:
        cursor = await conn.execute(statement("read_thread_events"), params | changes)
        return await cursor.fetchall()


async def test_an_event_never_appears_behind_one_that_was_read(lane: Lane, pool: Pool, owner: Conn) -> None:
    run, waiting = await lane.claimed(), await lane.admitted()
    place = [lane.thread_id, waiting["run_id"]]
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("select cancel('default', %s, %s, 'interrupt')", place)
        writing = asyncio.create_task(said(lane, run, "1"))

        async def waits() -> bool:
            query = "select from pg_stat_activity where wait_event_type = 'Lock'"
            return bool(await (await owner.execute(query)).fetchall())

        await until(waits)
        assert [row["name"] for row in await heard(lane)] == ["metadata"]
    await writing
    assert [row["name"] for row in await heard(lane)] == ["metadata", "end", "custom"]


async def test_many_who_cancel_and_one_who_writes_do_not_block_each_other(lane: Lane) -> None:
    run = await lane.claimed()
    queued = [await lane.admitted() for _ in range(20)]
    cancel = "select cancel('default', %s, %s, 'interrupt')"
    async with asyncio.timeout(20):
        await asyncio.gather(
            *(lane.execute(cancel, [lane.thread_id, row["run_id"]]) for row in queued),
            *(said(lane, run, str(number)) for number in range(20)),
        )
    names = [row["name"] for row in await heard(lane)]
    assert (names.count("end"), names.count("custom")) == (20, 20)


async def test_every_end_of_a_run_is_one_event_of_its_thread(lane: Lane) -> None:
    for state in ("success", "error", "timeout", "interrupted", "rollback"):
        await lane.ended(await lane.claimed(), state)
    ends = [json.loads(row["data"])["event"] for row in await heard(lane) if row["name"] == "end"]
    assert ends == ["completed", "failed", "failed", "interrupted", "interrupted"]


async def test_a_page_ends_after_a_megabyte_but_is_never_empty(lane: Lane) -> None:
    run = await lane.claimed()
    await said(lane, run, *(f'"{"x" * 700_000}"' for _ in range(5)))
    after, pages = 0, []
    while (rows := await heard(lane, after))[0]["event_id"] is not None:
        pages.append(len(rows))
        after = rows[-1]["event_id"]
    assert sum(pages) == 6
    assert max(pages) <= 3


async def test_events_that_nobody_asked_for_are_passed_without_their_data(lane: Lane) -> None:
    run = await lane.claimed()
    await said(lane, run, "1")
    rows = await heard(lane, shown=["metadata"])
    assert [(row["name"], row["data"] is None) for row in rows] == [("metadata", False), ("custom", True)]


async def test_a_thread_of_others_shows_nothing(lane: Lane) -> None:
    await lane.claimed()
    assert await heard(lane, tenant="other") == []
    assert await heard(lane, visible=['{"owner": "other"}']) == []


async def test_a_thread_keeps_its_newest_events(lane: Lane, pool: Pool) -> None:
    run = await lane.claimed()
    await said(lane, run, *map(str, range(30)))
    pruner = Pruner(pool, Settings(event_limit=10))
    for _ in range(2):
        await pruner.tick()
        assert [row["data"] for row in await heard(lane)] == [str(n) for n in range(20, 30)]
    await said(lane, run, "30")
    await pruner.tick()
    assert (await heard(lane))[0]["data"] == "21"


async def test_old_events_go_with_time_unless_their_run_is_live(lane: Lane, pool: Pool) -> None:
    over = await lane.claimed()
    await said(lane, over, "1")
    await lane.ended(over)
    live = await lane.claimed()
    await lane.execute("update event set created_at = created_at - interval '2 h'")
    await said(lane, live, "2")
    await Pruner(pool, Settings()).tick()
    assert {row["run_id"] for row in await heard(lane)} == {live.run_id}
    assert len(await heard(lane)) == 2
