"""One thread, one run at a time; nothing that was admitted is lost."""

from __future__ import annotations

import asyncio

import psycopg
import pytest
from db.lane import Lane
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from uuid_utils.compat import uuid7

from holdfast_server.runs.admission import Admitted, LaneTaken, NoThread
from holdfast_server.runs.carrier import queue_of
from holdfast_server.supervision.fence import RunFence
from holdfast_server.supervision.saver import FencedSaver


async def test_a_run_on_a_missing_thread_leaves_no_trace(lane: Lane) -> None:
    assert await lane.admit(create_thread=False) == NoThread()
    assert await lane.states() == []


async def test_the_first_run_is_ready_and_the_second_waits(lane: Lane) -> None:
    first, second = await lane.admitted(), await lane.admitted()
    assert await lane.states() == ["ready", "blocked"]
    assert first["ticket"] is not None
    assert second["ticket"] is None


async def test_the_end_of_a_run_lets_the_next_one_in_with_a_ticket(lane: Lane) -> None:
    run, waiting = await lane.claimed(), await lane.admitted()
    assert await lane.ended(run)
    assert (await lane.run(waiting["run_id"]))["ticket"] is not None
    assert await lane.states() == ["success", "ready"]


async def test_fifty_requests_at_once_leave_one_live_run_and_an_orderly_queue(lane: Lane) -> None:
    admissions = await asyncio.gather(*(lane.admit() for _ in range(50)))
    assert all(isinstance(a, Admitted) for a in admissions)
    assert sorted(await lane.states()) == ["blocked"] * 49 + ["ready"]


async def test_the_schema_itself_refuses_two_live_runs(lane: Lane) -> None:
    await lane.claimed()
    second = await lane.admitted()
    with pytest.raises(psycopg.errors.UniqueViolation):
        await lane.execute("update run set state = 'running' where run_id = %s", [second["run_id"]])


async def test_reject_refuses_while_a_run_lives_and_admits_afterwards(lane: Lane) -> None:
    run = await lane.claimed()
    assert await lane.admit(strategy="reject") == LaneTaken()
    await lane.ended(run)
    assert isinstance(await lane.admit(strategy="reject"), Admitted)


async def test_interrupt_stops_what_waits_and_asks_the_running_one(lane: Lane) -> None:
    run = await lane.claimed()
    await lane.admitted()
    await lane.admitted(strategy="interrupt")
    assert await lane.states() == ["running", "interrupted", "blocked"]
    assert (await lane.run(run.run_id))["cancel_action"] == "interrupt"


async def test_rollback_removes_what_waits(lane: Lane) -> None:
    await lane.claimed()
    await lane.admitted()
    await lane.admitted(strategy="rollback")
    assert await lane.states() == ["running", "blocked"]


async def test_only_the_current_ticket_starts_a_run_and_only_once(lane: Lane) -> None:
    row = await lane.admitted()
    stale = {**row, "ticket": row["ticket"] - 1}
    with pytest.raises(AssertionError):
        await lane.claim(stale)
    assert (await lane.claim(row)).epoch == 1
    with pytest.raises(AssertionError):
        await lane.claim(row)


async def test_a_silent_worker_loses_its_run_to_a_new_ticket(lane: Lane) -> None:
    run = await lane.claimed()
    second = await lane.taken_over(run)
    assert (second.epoch, second.attempts) == (run.epoch + 2, 2)


async def test_a_worker_that_beats_keeps_its_run(lane: Lane) -> None:
    await lane.claimed()
    await lane.register()
    found = await lane.select("select * from abandoned_run('5 s'::interval, '5 s'::interval)")
    assert found == []


async def test_a_run_that_kills_every_worker_is_given_up_with_a_reason(lane: Lane) -> None:
    run = await lane.claimed()
    await lane.execute("update run set lease_until = clock_timestamp() - interval '1 s'")
    verdicts = await lane.rescue(max_attempts=1)
    row = await lane.run(run.run_id)
    assert [v["verdict"] for v in verdicts] == ["given up"]
    assert row["state"] == "error"
    assert row["error"]["error"] == "WorkerLost"
    assert (await lane.select("select status from thread"))[0]["status"] == "error"


async def test_attempts_that_got_on_do_not_count_against_a_run(lane: Lane) -> None:
    run = await lane.claimed()
    for _ in range(4):
        config: RunnableConfig = {
            "configurable": {"thread_id": str(lane.thread_id), "checkpoint_ns": ""},
            "metadata": {"run_id": str(run.run_id), "run_attempt": run.attempts},
        }
        saver = FencedSaver(lane.pool, RunFence(run.run_id, run.epoch))
        await saver.aput(config, empty_checkpoint(), {"source": "loop", "step": run.attempts}, {})
        await lane.execute("update run set lease_until = clock_timestamp() - interval '1 s'")
        assert [v["verdict"] for v in await lane.rescue(max_attempts=1)] == ["ready"]
        run = await lane.claim(await lane.run(run.run_id))
    await lane.execute("update run set lease_until = clock_timestamp() - interval '1 s'")
    assert [v["verdict"] for v in await lane.rescue(max_attempts=1)] == ["given up"]


async def test_a_cancelled_run_of_a_dead_worker_ends_and_frees_its_lane(lane: Lane) -> None:
    await lane.claimed()
    await lane.admitted(strategy="interrupt")
    await lane.execute(
        "update run set cancel_at = clock_timestamp() - interval '9 s' where state = 'running'"
    )
    await lane.rescue()
    assert await lane.states() == ["interrupted", "ready"]


async def test_ten_rescuers_at_once_rescue_a_run_once(lane: Lane) -> None:
    run = await lane.claimed()
    await lane.execute("update run set lease_until = clock_timestamp() - interval '1 s'")
    rounds = await asyncio.gather(*(lane.rescue() for _ in range(10)))
    assert sum(len(verdicts) for verdicts in rounds) == 1
    assert (await lane.run(run.run_id))["epoch"] == run.epoch + 1


async def test_a_ready_run_whose_ticket_died_gets_another(lane: Lane) -> None:
    row = await lane.admitted()
    await lane.execute("update procrastinate_jobs set status = 'doing'")
    await lane.execute("update run set ticket_at = clock_timestamp() - interval '1 min'")
    await lane.select("select reticket('3 s'::interval)")
    renewed = await lane.run(row["run_id"])
    assert renewed["ticket"] > row["ticket"]
    assert renewed["state"] == "ready"


async def test_a_delayed_run_waits_for_its_time_and_blocks_nobody(lane: Lane) -> None:
    delayed = await lane.admitted(after_seconds=60)
    prompt = await lane.claimed()
    assert await lane.states() == ["scheduled", "running"]
    await lane.ended(prompt)
    await lane.execute("update run set not_before = clock_timestamp() where state = 'scheduled'")
    await lane.select("select reticket('3 s'::interval)")
    assert (await lane.run(delayed["run_id"]))["state"] == "ready"


async def test_deleting_a_thread_takes_everything_with_it(lane: Lane) -> None:
    run = await lane.claimed()
    await lane.select("select forget_thread(%s)", [lane.thread_id])
    assert not await lane.ended(run)
    for table in ("run", "thread", "event", "effect"):
        assert await lane.select(f"select * from {table}") == []


async def test_python_and_sql_agree_on_the_queue_of_a_graph(lane: Lane) -> None:
    for graph_id in ("invoice_review", "ünïcode", "x" * 200, str(uuid7())):
        rows = await lane.select("select queue_of(%s) as name", [graph_id])
        assert rows == [{"name": queue_of(graph_id)}]
