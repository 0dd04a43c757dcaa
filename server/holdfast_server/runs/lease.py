"""The lease of a run: taken with a ticket, ended with a result or given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import assert_never
from uuid import UUID

from psycopg import DataError
from psycopg.rows import DictRow, dict_row

from holdfast_server import wire
from holdfast_server.db.pool import Connections
from holdfast_server.db.retry import through_outages
from holdfast_server.db.statements import statement
from holdfast_server.runs.end import End, Ended, Released, Superseded
from holdfast_server.runs.events import Event
from holdfast_server.runs.run import ClaimedRun
from holdfast_server.sealing.errors import SealBroken, UnknownKey
from holdfast_server.sealing.house import seal_text
from holdfast_server.sealing.rows import opened_columns


async def claim(
    pool: Connections,
    run_id: UUID,
    *,
    ticket: int,
    worker_id: UUID,
    lease: timedelta,
    theirs: Callable[[str], Connections] | None = None,
) -> ClaimedRun | None:
    """Takes a ready run; None when the ticket is not its current one, or the run cannot be opened.

    Args:
        pool: sees the run, whosever it is.
        theirs: the connections of a tenant; None: `pool` works for the run's.

    Raises:
        UnknownKey: this process lacks the key that it is sealed with.
    """
    params = {"run_id": run_id, "ticket": ticket, "worker_id": worker_id, "lease": lease}
    async with pool.connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(statement("claim"), params)
        row = await cursor.fetchone()
    if row is None:
        return None
    return await _opened(theirs(row["tenant"]) if theirs else pool, row)


async def _opened(pool: Connections, row: DictRow) -> ClaimedRun | None:
    """The claimed run; one that nobody can open any more ends here.

    Raises:
        UnknownKey: another process may open it; it was given back.
    """
    shut = ClaimedRun.of({**row, "kwargs": {}, "answers": None})
    try:
        return ClaimedRun.of(opened_columns(row))
    except UnknownKey:
        await through_outages(lambda: _release(pool, shut))
        raise
    except SealBroken as broken:
        error = {"error": type(broken).__name__, "message": str(broken)}
        await finish(pool, shut, Ended("error", "error", error=error), last_events=[])
        return None


async def finish(pool: Connections, run: ClaimedRun, end: End, *, last_events: list[Event]) -> bool:
    """Writes the end of an attempt, in one transaction; False when the run has a newer owner.

    Safe to repeat through an outage: a second finish finds the run ended and changes nothing.
    """
    match end:
        case Ended():
            return await _ended(pool, run, end, last_events)
        case Released():
            return await through_outages(lambda: _release(pool, run))
        case Superseded():
            return False
        case _:
            assert_never(end)


async def _ended(pool: Connections, run: ClaimedRun, end: Ended, events: list[Event]) -> bool:
    try:
        return await through_outages(lambda: _end(pool, run, end, events))
    except DataError as refused:
        # The next attempt would end just so: it is said now, and not after all attempts.
        message = f"the result cannot be stored: {str(refused).splitlines()[0]}"
        instead = Ended("error", "error", error={"error": type(refused).__name__, "message": message})
        return await through_outages(lambda: _end(pool, run, instead, []))


async def _end(pool: Connections, run: ClaimedRun, end: Ended, events: list[Event]) -> bool:
    params = {
        "run_id": run.run_id,
        "epoch": run.epoch,
        "state": end.state,
        "output": seal_text(end.output),
        "error": seal_text(wire.dumps_text(end.error)) if end.error else None,
        "thread_status": end.thread_status,
        "values": seal_text(end.values),
        "interrupts": seal_text(wire.dumps_text(end.interrupts)),
        "names": [event.name for event in events],
        "data": [seal_text(event.data) for event in events],
    }
    async with pool.connection() as conn:
        cursor = await conn.execute(statement("finish"), params)
        row = await cursor.fetchone()
    return bool(row and row["finished"])


async def _release(pool: Connections, run: ClaimedRun) -> bool:
    async with pool.connection() as conn:
        cursor = await conn.execute(statement("release"), {"run_id": run.run_id, "epoch": run.epoch})
        return await cursor.fetchone() is not None
