"""The desk: answers for graphs (state, history, edits) from a thread that user code cannot block."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.db.pool import Conn, Pool, connect, make_pool
from holdfast_server.db.statements import statement
from holdfast_server.errors import ApiError
from holdfast_server.graphs.served import ServedGraph
from holdfast_server.settings import Settings
from holdfast_server.workers import answers

logger = logging.getLogger(__name__)

_AT_ONCE = 4
# A notification wakes us; looking without one only mends a lost one.
_LOOK_AGAIN = 2.0


class Desk:
    """Takes questions that the API put into the `ask` table and writes the answers there.

    The graphs are those of the worker; the event loop and the connections are the desk's own, so that a
    tool that blocks the worker's loop does not hide the state of its threads.
    """

    def __init__(self, settings: Settings, *, worker_id: UUID, graphs: Mapping[str, ServedGraph]) -> None:
        self._settings = settings
        self._worker_id = worker_id
        self._graphs = graphs
        self._thread = threading.Thread(target=self._main, name="desk", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open = threading.Event()
        self._stopping = False

    def start(self) -> None:
        """Starts the thread and waits until it listens."""
        self._thread.start()
        self._open.wait(30)

    def stop(self) -> None:
        """Stops after the questions in hand; safe before `start`, safe twice."""
        self._stopping = True
        if self._loop is not None and self._thread.is_alive():
            self._thread.join(5)

    def _main(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with make_pool(self._settings.database_url, size=_AT_ONCE, name="desk") as pool:
            while not self._stopping:
                try:
                    async with await connect(self._settings.database_url, name="desk-listen") as conn:
                        await self._listen(conn, pool)
                except Exception as error:
                    logger.warning("desk: %s; trying again", str(error).strip() or error)
                    await asyncio.sleep(0.2)

    async def _listen(self, conn: Conn, pool: Pool) -> None:
        await conn.execute("listen holdfast_ask")
        self._open.set()
        hands = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as answering:
            while not self._stopping:
                while (row := await self._take(pool)) is not None:
                    await hands.acquire()
                    answering.create_task(self._answer(pool, row, hands))
                async for _ in conn.notifies(timeout=_LOOK_AGAIN, stop_after=1):
                    pass

    async def _take(self, pool: Pool) -> DictRow | None:
        async with pool.connection() as conn:
            cursor = await conn.execute(
                statement("take_ask"), {"worker_id": self._worker_id, "graphs": list(self._graphs)}
            )
            return await cursor.fetchone()

    async def _answer(self, pool: Pool, row: DictRow, hands: asyncio.Semaphore) -> None:
        answer, error = None, None
        try:
            served = self._graphs[row["graph_id"]]
            answer = await answers.answer(pool, served, row["verb"], row["question"])
        except ApiError as refusal:
            error = {"status": refusal.status, "detail": refusal.detail}
        except Exception as failure:
            logger.exception("desk: %s of graph %s failed", row["verb"], row["graph_id"])
            error = {"status": 500, "detail": f"{type(failure).__name__}: {failure}"}
        finally:
            hands.release()
        params = {
            "ask_id": row["ask_id"],
            "answer": answer,
            "error": wire.dumps_text(error) if error else None,
        }
        async with pool.connection() as conn:
            await conn.execute(statement("answer_ask"), params)
