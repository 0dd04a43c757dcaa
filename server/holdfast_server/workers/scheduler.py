"""The scheduler: starts the runs of crons, each firing once however many schedulers there are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never
from uuid import UUID

from psycopg import OperationalError

from holdfast_server import wire
from holdfast_server.db.pool import Conn, Connections
from holdfast_server.db.statements import statement
from holdfast_server.errors import HoldfastError
from holdfast_server.runs.admission import Admitted, LaneTaken, NoThread, admit
from holdfast_server.runs.cron import next_run_date, request_of
from holdfast_server.sealing.house import seal_text
from holdfast_server.workers.actor import Actor

logger = logging.getLogger(__name__)

# A cron that is made for the next second must not be slept over.
_LONGEST_NAP = 1.0
# Another scheduler is at work on what is due; do not spin until it is done.
_SHORTEST_NAP = 0.05
# Firings at once in one process, when many are due at the same moment.
_LANES = 4
# A firing on time may begin a little after the end of its cron; one that was missed for longer is left out.
_END_GRACE = timedelta(minutes=1)


@dataclass(frozen=True)
class Started:
    """The firing made a run."""

    run_id: UUID
    thread_id: UUID


@dataclass(frozen=True)
class Failed:
    """The firing made none; `for_good` when the next ones would not either."""

    reason: str
    for_good: bool = False


class Scheduler(Actor):
    """Runs in every worker process.

    A firing is one transaction: lock on the cron, row of the firing, run, next date. A cron that was due
    while nobody looked fires once, late, and goes on from there.
    """

    def __init__(self, pool: Connections) -> None:
        super().__init__(every=_LONGEST_NAP)
        self._pool = pool

    async def tick(self) -> None:
        """Fires all that is due, then naps until the next is."""
        self._every = _LONGEST_NAP
        if await self._fire_next():
            lanes = await asyncio.gather(*(self._fire_all() for _ in range(_LANES)), return_exceptions=True)
            for failure in lanes:
                if failure is not None:
                    raise failure
        async with self._pool.connection() as conn:
            row = await (await conn.execute(statement("next_due_cron"))).fetchone()
        seconds = row["seconds"] if row else None
        if seconds is not None:
            self._every = min(max(seconds, _SHORTEST_NAP), _LONGEST_NAP)

    async def _fire_all(self) -> None:
        while not self._stopped.is_set() and await self._fire_next():
            pass

    async def _fire_next(self) -> bool:
        """Fires one cron; False when none is due."""
        async with self._pool.connection() as conn, conn.transaction():
            cron = await (await conn.execute(statement("take_due_cron"))).fetchone()
            if cron is None:
                return False
            await conn.execute(statement("act_for"), {"tenant": cron["tenant"]})
            await self._fire(conn, cron)
            return True

    async def _fire(self, conn: Conn, cron: Mapping[str, Any]) -> None:
        if cron["end_time"] is not None and cron["now"] > cron["end_time"] + _END_GRACE:
            await _advance(conn, cron, next_date=None, enabled=True)
            return
        firing = {"cron_id": cron["cron_id"], "fire_time": cron["next_run_date"]}
        taken = await (await conn.execute(statement("begin_firing"), firing)).fetchone()
        enabled = True
        if taken is not None:
            outcome = await _started(conn, cron)
            enabled = await _record(conn, firing, outcome)
        await _go_on(conn, cron, enabled=enabled)


async def _started(conn: Conn, cron: Mapping[str, Any]) -> Started | Failed:
    params = {"tenant": cron["tenant"], "assistant_id": cron["assistant_id"], "visible": None}
    assistant = await (await conn.execute(statement("find_assistant"), params)).fetchone()
    if assistant is None:
        return Failed(f"assistant {cron['assistant_id']} was deleted", for_good=True)
    if assistant["graph_error"]:
        return Failed(f"graph {assistant['graph_id']!r} is broken: {assistant['graph_error']}")
    try:
        # A cron that cannot be fired must not keep the others from it: only its own part is undone.
        async with conn.transaction():
            return await _admitted(conn, cron, assistant)
    except OperationalError:
        raise
    except Exception as error:
        logger.exception("cron %s could not be fired", cron["cron_id"])
        return Failed(f"{type(error).__name__}: {error}")


async def _admitted(conn: Conn, cron: Mapping[str, Any], assistant: Mapping[str, Any]) -> Started | Failed:
    documents = cron["visible"]
    visible = None if documents is None else [wire.dumps_text(document) for document in documents]
    match await admit(conn, request_of(cron, assistant), visible=visible):
        case Admitted(row):
            return Started(row["run_id"], row["thread_id"])
        case NoThread():
            return Failed(f"thread {cron['thread_id']} was deleted, or given to somebody else", for_good=True)
        case LaneTaken():
            return Failed(f"thread {cron['thread_id']} was busy, and multitask_strategy is reject")
        case other:
            assert_never(other)


async def _record(conn: Conn, firing: Mapping[str, Any], outcome: Started | Failed) -> bool:
    """Writes what became of a firing; answers whether the cron goes on."""
    match outcome:
        case Started(run_id, thread_id):
            result: dict[str, Any] = {"run_id": run_id, "thread_id": thread_id, "error": None}
        case Failed(reason, for_good):
            logger.warning("cron %s: %s%s", firing["cron_id"], reason, "; disabled" if for_good else "")
            result = {"run_id": None, "thread_id": None, "error": seal_text(reason.replace("\x00", ""))}
    await conn.execute(statement("end_firing"), {**firing, **result})
    return not (isinstance(outcome, Failed) and outcome.for_good)


async def _go_on(conn: Conn, cron: Mapping[str, Any], *, enabled: bool) -> None:
    try:
        # Missed ones are skipped: the next is counted from now. A clock that was set back repeats nothing.
        since = max(cron["now"], cron["next_run_date"])
        next_date = next_run_date({**cron, "enabled": enabled}, since)
    except HoldfastError as error:
        logger.warning("cron %s: %s; disabled", cron["cron_id"], error)
        next_date, enabled = None, False
    await _advance(conn, cron, next_date=next_date, enabled=enabled)


async def _advance(conn: Conn, cron: Mapping[str, Any], *, next_date: datetime | None, enabled: bool) -> None:
    params = {"cron_id": cron["cron_id"], "next_run_date": next_date, "enabled": enabled}
    await conn.execute(statement("advance_cron"), params)
