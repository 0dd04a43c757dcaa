"""The worker: one process that loads graphs and executes their runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from functools import partial
from uuid import UUID

from holdfast_server.config.checkpointer import CheckpointerConfig
from holdfast_server.config.webhooks import Webhooks
from holdfast_server.config.workers import Limits
from holdfast_server.db.pool import TenantPool, make_pool
from holdfast_server.db.retry import through_outages
from holdfast_server.graphs.loader import LoadedGraphs
from holdfast_server.memory.store import Memory
from holdfast_server.memory.tenants import Stores
from holdfast_server.runs.carrier import Carrier
from holdfast_server.runs.executor import Execution
from holdfast_server.runs.lease import claim
from holdfast_server.sealing.errors import UnknownKey
from holdfast_server.secrets.secrets import Secrets
from holdfast_server.settings import Settings
from holdfast_server.workers.actor import Actor
from holdfast_server.workers.desk import Desk, GraphSubject, Subject
from holdfast_server.workers.heartbeat import Heartbeat
from holdfast_server.workers.librarian import StoreSubject
from holdfast_server.workers.pruner import Pruner
from holdfast_server.workers.publisher import publish
from holdfast_server.workers.rescuer import Rescuer
from holdfast_server.workers.roster import Roster
from holdfast_server.workers.scheduler import Scheduler
from holdfast_server.workers.sweeper import StoreSweeper, ThreadSweeper, publish_lifetime
from holdfast_server.workers.warden import Warden
from holdfast_server.workers.webhook_sender import WebhookSender

logger = logging.getLogger(__name__)

# Of the connections, so many keep house: tickets, claims, rescues, sweeps, webhooks.
_HOUSE = 3


class Worker:
    """Executes the runs of its graphs until `stop`.

    Args:
        settings: database, concurrency, lease.
        worker_id: its name in the database.
        loaded: its graphs.
        webhooks: where webhooks may go; their headers have their values.
        secrets: what runs may refer to.
        limits: what its process may take.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        worker_id: UUID,
        loaded: LoadedGraphs,
        webhooks: Webhooks | None = None,
        secrets: Secrets | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._settings = settings
        self._worker_id = worker_id
        self._loaded = loaded
        self._webhooks = webhooks or Webhooks()
        self._secrets = secrets or Secrets()
        self._limits = limits or Limits()
        self._stopping = asyncio.Event()
        self._started = False

    def stop(self) -> None:
        """Drains: takes no further run, stops the others at their next superstep; safe twice."""
        self._stopping.set()

    async def run(self) -> None:
        """Works until `stop`."""
        working = asyncio.create_task(self._work(), name="worker")
        stopped = asyncio.create_task(self._stopping.wait(), name="stop")
        await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
        if not self._started:
            # Told to stop while it still waited for the database: there is nothing to drain.
            working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working

    async def _work(self) -> None:
        try:
            await self._serve()
        except BaseException:
            if self._started and not self._stopping.is_set():
                # With its loop broken the process would go on beating and never work again. Its runs are
                # rescued as soon as it is gone.
                logger.critical("the worker's loop broke; the process ends", exc_info=True)
                os._exit(70)
            raise

    async def _serve(self) -> None:
        settings, graphs = self._settings, self._loaded.graphs
        here = asyncio.get_running_loop()
        self._roster = Roster(here)
        warden = Warden(self._limits, self._roster, lambda: here.call_soon_threadsafe(self.stop))
        heartbeat = Heartbeat(
            settings, worker_id=self._worker_id, graph_ids=list(graphs), roster=self._roster
        )
        config = self._loaded.config
        memory = Memory(config.store, config.folder) if config else Memory()
        lifetimes = config.checkpointer if config else CheckpointerConfig()
        subjects: tuple[Subject, ...] = (
            GraphSubject(graphs, self._secrets),
            StoreSubject(memory),
        )
        desks = [Desk(settings, worker_id=self._worker_id, subject=subject) for subject in subjects]
        threads: tuple[Heartbeat | Desk | Warden, ...] = (warden, heartbeat, *desks)
        url = settings.database_url
        house = make_pool(url, size=_HOUSE, name="worker-house", role="holdfast_system")
        theirs = make_pool(url, size=max(settings.pool_size - _HOUSE, 1), name="worker", role="holdfast_app")
        async with house as pool, theirs:
            self._pool, self._theirs = pool, theirs
            await memory.prepare(pool)
            self._stores = Stores(memory, theirs)
            carrier = Carrier(pool, graph_ids=graphs, concurrency=settings.concurrency, handler=self._handle)
            loops: tuple[Actor, ...] = (
                Rescuer(pool, settings),
                Pruner(pool, settings),
                ThreadSweeper(pool, lifetimes),
                StoreSweeper(pool, memory.config),
                Scheduler(pool),
                WebhookSender(pool, settings, self._webhooks),
            )
            await through_outages(lambda: publish_lifetime(pool, lifetimes))
            await through_outages(lambda: publish(pool, self._loaded))
            self._started = True
            for thread in threads:
                await asyncio.to_thread(thread.start)
            for loop in loops:
                loop.start()
            carrying = asyncio.create_task(carrier.work(), name="carrier")
            await self._stopping.wait()
            heartbeat.draining = True
            carrier.stop()
            await self._drain(carrying)
            for loop in loops:
                await loop.stop()
            for thread in threads:
                await asyncio.to_thread(thread.stop)

    async def _handle(self, run_id: UUID, ticket: int) -> None:
        """Executes the run that a ticket stands for; a dead ticket is dropped."""
        if self._stopping.is_set():
            # The run stays ready; its ticket is replaced by `reticket` for another worker.
            return
        try:
            run = await claim(
                self._pool,
                run_id,
                ticket=ticket,
                worker_id=self._worker_id,
                lease=self._settings.lease_interval,
                theirs=partial(TenantPool, self._theirs),
            )
        except UnknownKey as unknown:
            # The others have a key that this process was not started with; it would meet it again and again.
            logger.critical("run %s: %s; this worker stops", run_id, unknown)
            self.stop()
            return
        if run is None:
            logger.info("run %s: ticket %d is dead", run_id, ticket)
            return
        execution = Execution(
            run=run,
            served=self._loaded.graphs[run.graph_id],
            pool=TenantPool(self._theirs, run.tenant),
            store=self._stores.of(run.tenant),
            secrets=self._secrets,
            recursion_limit=self._settings.recursion_limit,
            timeout=self._settings.run_timeout,
        )
        self._roster.add(execution)
        try:
            await execution.run_to_end()
        finally:
            self._roster.remove(execution)

    async def _drain(self, working: asyncio.Task[None]) -> None:
        for execution in self._roster.executions():
            execution.drain()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(working), self._settings.drain)
        for execution in self._roster.executions():
            execution.stop("shutdown")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(working), 5.0)
