"""A thread and its lane, driven by the statements that API and workers use."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from holdfast_server.db.pool import Pool
from holdfast_server.runs.admission import Admission, Admitted, RunRequest, admit
from holdfast_server.runs.end import Ended
from holdfast_server.runs.lease import claim, finish
from holdfast_server.runs.run import ClaimedRun

LEASE = timedelta(seconds=60)


@dataclass
class Lane:
    """One thread with its runs."""

    pool: Pool
    thread_id: UUID = field(default_factory=uuid7)
    worker_id: UUID = field(default_factory=uuid7)
    tenant: str = "default"

    async def admit(self, **changes: Any) -> Admission:
        """Asks for a run."""
        given: dict[str, Any] = {
            "tenant": self.tenant,
            "run_id": uuid7(),
            "thread_id": self.thread_id,
            "assistant_id": uuid7(),
            "graph_id": "g",
            "strategy": "enqueue",
            "kwargs": {"input": {}},
            "create_thread": True,
        }
        async with self.pool.connection() as conn:
            return await admit(conn, RunRequest(**(given | changes)))

    async def admitted(self, **changes: Any) -> dict[str, Any]:
        """The row of a run that was let in."""
        admission = await self.admit(**changes)
        assert isinstance(admission, Admitted)
        return await self.run(admission.row["run_id"])

    async def claimed(self) -> ClaimedRun:
        """A run of this lane that a worker owns."""
        return await self.claim(await self.admitted())

    async def claim(self, row: dict[str, Any]) -> ClaimedRun:
        """The run, owned."""
        await self.register()
        run = await claim(
            self.pool, row["run_id"], ticket=row["ticket"], worker_id=self.worker_id, lease=LEASE
        )
        assert run is not None
        return run

    async def register(self) -> None:
        """Puts a worker on the list that beats right now."""
        await self.execute(
            "insert into worker (worker_id, host, pid, concurrency) values (%s, 'here', 1, 1)"
            " on conflict (worker_id) do update set beat_at = clock_timestamp()",
            [self.worker_id],
        )

    async def taken_over(self, run: ClaimedRun) -> ClaimedRun:
        """The same run, rescued and claimed by another worker."""
        await self.execute(
            "update run set lease_until = clock_timestamp() - interval '1 s' where run_id = %s", [run.run_id]
        )
        await self.rescue()
        return await self.claim(await self.run(run.run_id))

    async def rescue(self, *, max_attempts: int = 99) -> list[dict[str, Any]]:
        """One round of the rescuer, on a server that has been up for long."""
        return await self.select("select * from rescue(%s, '0 s'::interval, '5 s'::interval)", [max_attempts])

    async def ended(self, run: ClaimedRun, state: str = "success") -> bool:
        """Ends a run."""
        return await finish(self.pool, run, Ended(state, "idle"), last_events=[])

    async def run(self, run_id: UUID) -> dict[str, Any]:
        """The row of a run."""
        return (await self.select("select * from run where run_id = %s", [run_id]))[0]

    async def states(self) -> list[str]:
        """The states of the lane, first come first."""
        rows = await self.select(
            "select state from run where thread_id = %s order by place", [self.thread_id]
        )
        return [row["state"] for row in rows]

    async def checkpoints(self) -> list[dict[str, Any]]:
        """The steps of the checkpoints."""
        return await self.select(
            "select (metadata ->> 'step')::int as step from checkpoints where thread_id = %s"
            " order by checkpoint_id",
            [str(self.thread_id)],
        )

    async def events(self, run_id: UUID) -> list[dict[str, Any]]:
        """The events of a run."""
        return await self.select("select name, data from event where run_id = %s order by event_id", [run_id])

    async def select(self, sql: str, params: list[Any] | None = None) -> list[dict[str, Any]]:
        """Rows."""
        async with self.pool.connection() as conn:
            return await (await conn.execute(sql, params)).fetchall()

    async def execute(self, sql: str, params: list[Any] | None = None) -> None:
        """A statement without rows."""
        async with self.pool.connection() as conn:
            await conn.execute(sql, params)
