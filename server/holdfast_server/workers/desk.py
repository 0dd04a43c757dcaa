"""The desk: answers questions of the API from a thread that user code cannot block."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, LiteralString, Protocol
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.db.pool import Conn, Connections, Pool, TenantPool, connect, make_pool
from holdfast_server.db.statements import statement
from holdfast_server.errors import ApiError
from holdfast_server.graphs.served import ServedGraph
from holdfast_server.sealing.errors import SealBroken
from holdfast_server.sealing.house import seal_text
from holdfast_server.secrets.secrets import Secrets
from holdfast_server.secrets.tenant import TenantSecrets
from holdfast_server.settings import Settings
from holdfast_server.workers import answers
from holdfast_tools.secrets import use_secrets

logger = logging.getLogger(__name__)

_AT_ONCE = 3
# A notification wakes us; looking without one only mends a lost one.
_LOOK_AGAIN = 2.0
Answer = Callable[[DictRow], Awaitable[str]]


class Subject(Protocol):
    """What a desk knows about.

    Attributes:
        name: of its thread.
        channel: the notification that says that somebody asks.
        statement: takes one question.
        params: of that statement.
    """

    name: str
    channel: LiteralString
    statement: str
    params: Mapping[str, Any]

    def open(self, pool: Pool) -> Answer:
        """The answerer, on the desk's event loop and connections; each answer is for the tenant that asks."""
        ...


class GraphSubject:
    """State, history and edits: what only a graph can answer."""

    name = "desk"
    channel: LiteralString = "holdfast_ask"
    statement = "take_ask"

    def __init__(self, graphs: Mapping[str, ServedGraph], secrets: Secrets | None = None) -> None:
        self._graphs = graphs
        self._secrets = secrets or Secrets()
        self.params: Mapping[str, Any] = {"graphs": list(graphs)}

    def open(self, pool: Pool) -> Answer:
        """Answers by the graph that the question names."""

        async def answer(row: DictRow) -> str:
            theirs, served = TenantPool(pool, row["tenant"]), self._graphs[row["graph_id"]]
            # A factory may need a secret to make the graph that is asked.
            with use_secrets(TenantSecrets(self._secrets, row["tenant"])):
                return await answers.answer(theirs, served, row["verb"], row["question"])

        return answer


class Desk:
    """Takes questions that the API put into the `ask` table and writes the answers there.

    The event loop and the connections are the desk's own, so that a tool that blocks the worker's loop does
    not hide the state of its threads. Every subject has a desk of its own: a slow embedding service holds up
    no history.
    """

    def __init__(self, settings: Settings, *, worker_id: UUID, subject: Subject) -> None:
        self._settings = settings
        self._worker_id = worker_id
        self._subject = subject
        self._thread = threading.Thread(target=self._main, name=subject.name, daemon=True)
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
        name, url = self._subject.name, self._settings.database_url
        async with make_pool(url, size=_AT_ONCE, name=name, role="holdfast_system") as pool:
            answer = self._subject.open(pool)
            while not self._stopping:
                try:
                    async with await connect(url, name=f"{name}-listen", role="holdfast_system") as conn:
                        await self._listen(conn, TenantPool(pool, ""), answer)
                except Exception as error:
                    logger.warning("%s: %s; trying again", name, str(error).strip() or error)
                    await asyncio.sleep(0.2)

    async def _listen(self, conn: Conn, pool: Connections, answer: Answer) -> None:
        await conn.execute(f"listen {self._subject.channel}")
        self._open.set()
        hands = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as answering:
            while not self._stopping:
                await hands.acquire()
                if (row := await self._take(pool)) is not None:
                    answering.create_task(self._answer(pool, row, hands, answer))
                    continue
                hands.release()
                async for _ in conn.notifies(timeout=_LOOK_AGAIN, stop_after=1):
                    pass

    async def _take(self, pool: Connections) -> DictRow | None:
        params = {"worker_id": self._worker_id, **self._subject.params}
        async with pool.connection() as conn:
            cursor = await conn.execute(statement(self._subject.statement), params)
            return await cursor.fetchone()

    async def _answer(self, pool: Connections, row: DictRow, hands: asyncio.Semaphore, how: Answer) -> None:
        answer, error = None, None
        try:
            answer = await how(row)
        except ApiError as refusal:
            error = {"status": refusal.status, "detail": refusal.detail}
        except SealBroken as broken:
            error = {"status": 503, "detail": f"The database holds what a worker cannot open: {broken}"}
        except Exception as failure:
            logger.exception(
                "%s: %s of %s failed", self._subject.name, row["verb"], row["graph_id"] or "store"
            )
            error = {"status": 500, "detail": f"{type(failure).__name__}: {failure}"}
        finally:
            hands.release()
        params = {
            "ask_id": row["ask_id"],
            "answer": seal_text(answer),
            "error": seal_text(wire.dumps_text(error)) if error else None,
        }
        async with pool.connection() as conn:
            await conn.execute(statement("answer_ask"), params)
