"""The carrier of "run X is ready": procrastinate, behind one verb.

A job is a throwaway ticket; the run row is the truth. Tickets are made by the SQL function `wake`, dead ones
are replaced by `rescue` and `reticket`, cancellation has a channel of its own. What is left is `work`.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from procrastinate import App, JobContext
from procrastinate.worker import Worker

from holdfast_server.compat.procrastinate import PatientConnector, TornTickets
from holdfast_server.db.pool import Pool

logger = logging.getLogger(__name__)

TASK = "holdfast.run"
Handler = Callable[[UUID, int], Awaitable[None]]


class Carrier:
    """Brings tickets to a handler.

    Args:
        pool: connections.
        graph_ids: whose runs this process can execute.
        concurrency: tickets handled at the same time.
        handler: called with run id and ticket.
    """

    def __init__(self, pool: Pool, *, graph_ids: Iterable[str], concurrency: int, handler: Handler) -> None:
        self._pool = pool
        self._queues = [queue_of(graph_id) for graph_id in graph_ids]
        self._concurrency = concurrency
        self._handler = handler
        self._worker: Worker | None = None
        self._stopping = False

    async def work(self) -> None:
        """Handles tickets until `stop`; returns when the last handler has returned."""
        app = App(connector=PatientConnector())
        app.job_manager = TornTickets(app.connector)
        app.task(name=TASK, pass_context=True)(self._handle)
        # An open pool is handed over, so that procrastinate does not test every connection it borrows.
        async with app.open_async(self._pool):
            while not self._stopping:
                self._worker = Worker(
                    app,
                    queues=self._queues,
                    name="holdfast",
                    concurrency=self._concurrency,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    # The notification wakes us; the poll only mends a lost one.
                    fetch_job_polling_interval=2.0,
                )
                try:
                    await self._worker.run()  # type: ignore[no-untyped-call]
                except Exception:
                    logger.exception("the ticket loop failed; starting it again")
                    await asyncio.sleep(1.0)

    def stop(self) -> None:
        """Takes no further ticket; safe before `work` and safe twice."""
        self._stopping = True
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]

    async def _handle(self, context: JobContext, run_id: str) -> None:
        assert context.job.id is not None
        await self._handler(UUID(run_id), context.job.id)


def queue_of(graph_id: str) -> str:
    """The queue of a graph, as the SQL function of the same name computes it."""
    return "g" + hashlib.md5(graph_id.encode(), usedforsecurity=False).hexdigest()[:16]
