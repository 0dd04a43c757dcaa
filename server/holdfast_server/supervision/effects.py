"""The effect ledger in PostgreSQL: every start and every end of a tool's effect, under the run's fence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from psycopg.rows import DictRow

from holdfast_server.db.pool import Conn, Connections
from holdfast_server.db.retry import through_outages
from holdfast_server.db.statements import statement
from holdfast_server.sealing.house import seal_text
from holdfast_server.supervision.fence import RunFence, broken
from holdfast_tools.ledger import Effect, Fresh, Reservation, Settled, Transaction, Unknown


@dataclass(frozen=True)
class PostgresLedger:
    """The ledger of one attempt at a run.

    Args:
        pool: connections.
        fence: the attempt; every method raises LeaseLost once it is superseded.
        before: awaited before a start, so that the checkpoint an effect's key hangs on is durable first.
    """

    pool: Connections
    fence: RunFence
    before: Callable[[], Awaitable[None]]

    async def reserve(self, effect: Effect) -> Reservation:
        """Starts the effect unless somebody did before."""
        await self.before()
        row = await self._fetch("reserve_effect", effect)
        if row["fresh"]:
            return Fresh()
        if row["state"] in (None, "reserved"):
            return Unknown(row["reserved_at"], row["attempts"] or 1)
        return Settled(row["result"], failed=row["state"] == "failed")

    async def retry(self, effect: Effect) -> None:
        """Starts an effect of unknown outcome once more."""
        await self._fetch("restart_effect", effect)

    async def release(self, effect: Effect) -> None:
        """Forgets the start of an unsettled effect."""
        await self._fetch("release_effect", effect)

    async def settle(self, key: str, *, result: str, failed: bool) -> None:
        """Records the outcome."""
        await through_outages(lambda: self._settle(key, result=result, failed=failed))

    @asynccontextmanager
    async def transaction(self, effect: Effect) -> AsyncIterator[Transaction]:
        """One transaction for the effect and its outcome; `handle` is the psycopg AsyncConnection."""
        async with self.pool.connection() as conn, conn.transaction():
            yield _PostgresTransaction(self, effect.key, conn)

    async def _settle(self, key: str, *, result: str, failed: bool) -> None:
        async with self.pool.connection() as conn:
            await self.settle_on(conn, key, result=result, failed=failed)

    async def settle_on(self, conn: Conn, key: str, *, result: str, failed: bool) -> None:
        """Records the outcome on a given connection, whose transaction decides."""
        params = {
            "key": key,
            "result": seal_text(_storable(result)),
            "state": "failed" if failed else "done",
        }
        cursor = await conn.execute(statement("settle_effect"), params | self._owner)
        row = await cursor.fetchone()
        if row is None or not row["held"]:
            raise broken(self.fence)

    async def _fetch(self, name: str, effect: Effect) -> DictRow:
        params = {
            "key": effect.key,
            "task_id": effect.task_id,
            "call_id": _storable(effect.call_id),
            "tool": _storable(effect.tool),
            "kind": effect.kind,
            "args_hash": effect.args_hash,
            # Tells our own start, whose answer an outage swallowed, from a start by somebody else.
            "nonce": uuid4(),
        }

        async def fetch() -> DictRow | None:
            async with self.pool.connection() as conn:
                cursor = await conn.execute(statement(name), params | self._owner)
                return await cursor.fetchone()

        row = await through_outages(fetch)
        if row is None or not row.get("held", True):
            raise broken(self.fence)
        return row

    @property
    def _owner(self) -> dict[str, object]:
        return {"run_id": self.fence.run_id, "epoch": self.fence.epoch}


@dataclass
class _PostgresTransaction:
    ledger: PostgresLedger
    key: str
    conn: Conn

    @property
    def handle(self) -> object:
        return self.conn

    async def settle(self, *, result: str, failed: bool) -> None:
        await self.ledger.settle_on(self.conn, self.key, result=result, failed=failed)


def _storable(text: str) -> str:
    """PostgreSQL's text holds neither NUL nor lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
