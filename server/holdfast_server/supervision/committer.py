"""The committer: collects what LangGraph writes to one thread and commits it under the fence."""

from __future__ import annotations

import asyncio

from psycopg.rows import dict_row

from holdfast_server.db.pool import Connections
from holdfast_server.db.retry import through_outages
from holdfast_server.db.statements import statement
from holdfast_server.errors import LeaseLost
from holdfast_server.supervision.fence import Fence, broken, fence_params
from holdfast_server.supervision.superstep import Superstep

# How long task writes wait for the checkpoint that usually follows at once and shares their commit.
# Long enough for LangGraph's own bookkeeping between the two, far below what a tool call takes.
_LINGER = 0.003


class Committer:
    """One commit after the other; once one is lost, nothing newer follows it.

    A saver and the clones that LangGraph makes of it (one for each sub-graph) share one committer. A `held`
    one commits nothing before `release`, and then everything at once.
    """

    def __init__(self, pool: Connections, fence: Fence, *, held: bool = False) -> None:
        self._held = held
        self._pool = pool
        self._fence = fence
        self._rows = Superstep()
        self._thread_id = ""
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._flushing: set[asyncio.Task[None]] = set()
        self._failure: Exception | None = None

    async def rows_of(self, thread_id: object) -> Superstep:
        """The rows that wait for the next commit; one commit holds rows of one thread."""
        if str(thread_id) != self._thread_id:
            await self.flush()
            self._thread_id = str(thread_id)
        return self._rows

    async def flush(self) -> None:
        """Commits what waits.

        Raises:
            LeaseLost, ThreadBusy: the fence is broken.
        """
        if self._held:
            return
        async with self._turn:
            rows, self._rows = self._rows, Superstep()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._failure is None and rows:
                await self._save(rows)
            if self._failure is not None:
                _reject(rows, self._failure)
                raise self._failure
            rows.committed.set_result(None)

    async def release(self) -> None:
        """Commits everything that was held back."""
        self._held = False
        await self.flush()

    async def soon(self, rows: Superstep) -> None:
        """Waits until these rows are committed, with the next forced commit or a moment later."""
        if not self._held:
            self.linger()
            await asyncio.shield(rows.committed)

    def linger(self) -> None:
        """Lets a commit happen a moment later, if nothing forces it before."""
        if self._timer is None and not self._held:
            self._timer = asyncio.get_running_loop().call_later(_LINGER, self._flush_soon)

    def _flush_soon(self) -> None:
        # A failure reaches those who wait for the rows, and everybody who writes after them.
        task = asyncio.create_task(self.flush())
        self._flushing.add(task)
        task.add_done_callback(self._flushing.discard)
        task.add_done_callback(lambda t: t.cancelled() or t.exception())

    async def _save(self, rows: Superstep) -> None:
        try:
            await through_outages(lambda: self._execute(rows))
        except Exception as failure:
            self._failure = failure
        except asyncio.CancelledError:
            # The commit may or may not have happened; nothing of this attempt may follow it.
            self._failure = LeaseLost("the run was stopped in the middle of a commit")
            _reject(rows, self._failure)
            raise

    async def _execute(self, rows: Superstep) -> None:
        params = rows.params() | fence_params(self._fence) | {"thread_id": self._thread_id}
        async with self._pool.connection() as conn, conn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(statement("save_superstep"), params)
            row = await cursor.fetchone()
        if row is None or not row["held"]:
            raise broken(self._fence)


def _reject(rows: Superstep, failure: Exception) -> None:
    rows.committed.set_exception(failure)
    # Rows of a checkpoint have nobody waiting on them; their failure is raised by `flush`.
    rows.committed.exception()
