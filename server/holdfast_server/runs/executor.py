"""Executes one claimed run: from its last superstep to its end, under its fence."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained
from langgraph.runtime import RunControl
from langgraph.store.base import BaseStore
from langgraph.types import StateSnapshot

from holdfast_server import correlation, wire
from holdfast_server.db.pool import Connections
from holdfast_server.db.statements import statement
from holdfast_server.errors import LeaseLost
from holdfast_server.graphs.factory import Occasion
from holdfast_server.graphs.served import Graph, ServedGraph
from holdfast_server.runs import outcome
from holdfast_server.runs.end import End, Ended, Released, Superseded
from holdfast_server.runs.events import Event, EventLog
from holdfast_server.runs.invocation import (
    Head,
    graph_input,
    limit_for,
    resume_answers,
    run_config,
    without_checkpoint,
)
from holdfast_server.runs.lease import finish
from holdfast_server.runs.run import ClaimedRun
from holdfast_server.runs.stream import Translator, stream_parts
from holdfast_server.runs.transformed import Part
from holdfast_server.runs.unbroken import Unbroken
from holdfast_server.sealing.house import seal_text
from holdfast_server.secrets.reference import resolved_value
from holdfast_server.secrets.secrets import Secrets
from holdfast_server.secrets.tenant import TenantSecrets
from holdfast_server.supervision.effects import PostgresLedger
from holdfast_server.supervision.fence import RunFence
from holdfast_server.supervision.saver import FencedSaver
from holdfast_tools.ledger import use_ledger
from holdfast_tools.secrets import use_secrets

logger = logging.getLogger(__name__)


@dataclass
class Execution:
    """One attempt at a run in this process.

    Args:
        run: the claimed run.
        served: its graph.
        pool: connections.
        recursion_limit: supersteps, unless the request, the assistant or the graph says otherwise.
        timeout: seconds this attempt may take.
        store: long-term memory, for a graph that has not its own.
        secrets: what tools and contexts may refer to; the run reaches those of its tenant.
    """

    run: ClaimedRun
    served: ServedGraph
    pool: Connections
    recursion_limit: int
    timeout: float
    store: BaseStore | None = None
    secrets: Secrets = field(default_factory=Secrets)
    control: RunControl = field(default_factory=RunControl)
    _task: asyncio.Task[End] | None = None
    _stop: str | None = None

    async def run_to_end(self) -> None:
        """Runs the graph and writes how it ended; a superseded attempt writes nothing."""
        correlation.run_id.set(str(self.run.run_id))
        correlation.request_id.set(self.run.request_id)
        fence = RunFence(self.run.run_id, self.run.epoch)
        self._saver = FencedSaver(self.pool, fence)
        kwargs = self.run.kwargs
        self._log = EventLog(
            self.pool, run_id=fence.run_id, epoch=fence.epoch, watched=bool(kwargs.get("watched"))
        )
        self._seen = Translator(tuple(kwargs.get("stream_mode") or []), protocol=bool(kwargs.get("protocol")))
        ledger = PostgresLedger(self.pool, fence, self._saver.flush)
        with use_ledger(ledger), use_secrets(TenantSecrets(self.secrets, self.run.tenant)):
            self._task = asyncio.create_task(self._attempt(), name=f"run {self.run.run_id}")
            if self._stop or self.run.cancel_action:
                self.stop(self._stop or str(self.run.cancel_action))
            end = await self._outcome(self._task)
        events = await self._log.close()
        if not await finish(self.pool, self.run, end, last_events=[*events, *self._closing_events(end)]):
            logger.info("run %s: attempt %d was superseded", self.run.run_id, self.run.attempts)

    def stop(self, reason: str) -> None:
        """Stops the attempt: `interrupt` or `rollback` asked by a user, `superseded`, or `shutdown`."""
        if self._stop != "superseded":
            self._stop = reason
        if self._task is not None:
            self._task.cancel()

    def drain(self) -> None:
        """Asks the graph to stop at its next superstep, so that another worker goes on from there."""
        self.control.request_drain()

    async def _outcome(self, task: asyncio.Task[End]) -> End:
        await asyncio.wait([task])
        failure = asyncio.CancelledError() if task.cancelled() else task.exception()
        match self._stop:
            case "superseded":
                return Superseded()
            case "shutdown" if failure is not None:
                return Released()
            case "interrupt" | "rollback" if failure is not None:
                return await self._cancelled(self._stop)
        return task.result() if failure is None else await self._failed(failure)

    async def _attempt(self) -> End:
        bare = run_config(self.run, recursion_limit=None)
        # Only here: the stored run keeps the references.
        resolve = partial(self.secrets.get, self.run.tenant)
        context = await resolved_value(self.run.kwargs.get("context"), resolve)
        kwargs = {**self.run.kwargs, "context": context}
        occasion = Occasion("threads.create_run", context=context, store=self.store)
        async with asyncio.timeout(self.timeout), self.served.open(bare, occasion) as opened:
            graph = opened.copy({"checkpointer": self._saver, "store": opened.store or self.store})
            config = run_config(self.run, recursion_limit=limit_for(graph, self.recursion_limit))
            value, config = await self._input(graph, config)
            for event in self._lifecycle("running"):
                await self._log.append(event)
            unbroken = Unbroken()
            async for part in stream_parts(graph, value, config, kwargs, self.control):
                await self._tell(unbroken.parts(part))
            await self._tell(unbroken.rest())
            return await self._succeeded(graph, config)

    async def _tell(self, parts: list[Part]) -> None:
        for part in parts:
            for event in self._seen.events(part):
                await self._log.append(event)

    async def _input(self, graph: Graph, config: RunnableConfig) -> tuple[Any, RunnableConfig]:
        if self.run.attempts == 1 and not self.run.kwargs.get("command"):
            return self.run.kwargs.get("input"), config
        head = await Head.of(graph, config)
        answers = self.run.answers or self.run.kwargs.get("answers")
        if answers is None:
            answers = resume_answers(self.run, head)
            if answers is not None:
                await self._remember(answers)
        if head.run_id == str(self.run.run_id):
            config = without_checkpoint(config)
        return graph_input(self.run, head, answers), config

    async def _remember(self, answers: Mapping[str, Any]) -> None:
        text = seal_text(wire.dumps_text(answers))
        params = {"run_id": self.run.run_id, "epoch": self.run.epoch, "answers": text}
        async with self.pool.connection() as conn:
            cursor = await conn.execute(statement("remember_answers"), params)
            if await cursor.fetchone() is None:
                raise LeaseLost(f"run {self.run.run_id} has a newer owner")

    async def _succeeded(self, graph: Graph, config: RunnableConfig) -> Ended:
        await self._saver.flush()
        told = not self._seen.interrupted and self._seen.values is not None
        if told and not self._seen.protocol:
            # The common end: the stream has told all there is to know.
            return Ended("success", "idle", values=self._seen.values_text, output=self._seen.values_text)
        return outcome.succeeded(await graph.aget_state(without_checkpoint(config)))

    async def _cancelled(self, action: str) -> End:
        if action == "rollback":
            params = {"run_id": self.run.run_id, "epoch": self.run.epoch}
            async with self.pool.connection() as conn:
                await conn.execute(statement("discard_checkpoints"), params)
        return outcome.cancelled(action, await self._stored_state())

    async def _failed(self, failure: BaseException) -> End:
        match failure:
            case LeaseLost():
                return Superseded()
            case GraphDrained():
                return Released()
            case asyncio.CancelledError():
                # Nobody stopped it: user code cancelled itself, an error like any other.
                failure = asyncio.CancelledError("the graph cancelled its own run")
        logger.warning("run %s failed: %s", self.run.run_id, type(failure).__name__, exc_info=failure)
        state = None
        with contextlib.suppress(Exception):
            state = await self._stored_state()
        # asyncio.timeout raises it bare, from its own cancellation; user code gives a message.
        if isinstance(failure, TimeoutError) and not failure.args and failure.__cause__ is not None:
            return outcome.timed_out(self.timeout, state)
        return outcome.failed(failure, state)

    async def _stored_state(self) -> StateSnapshot:
        """The state as it is stored; the attempt's own saver may hold rows that must not be written."""
        config = without_checkpoint(run_config(self.run, recursion_limit=None))
        async with self.served.open(config) as graph:
            return await graph.copy({"checkpointer": FencedSaver(self.pool)}).aget_state(config)

    def _closing_events(self, end: End) -> list[Event]:
        if not isinstance(end, Ended):
            return []
        events = [
            Event("input.requested", wire.dumps_text(_requested(question)))
            for questions in end.interrupts.values()
            for question in questions
        ]
        if end.error is not None:
            return [*events, *self._lifecycle("failed"), Event("error", wire.dumps_text(end.error))]
        finished = end.state == "success" and end.thread_status != "interrupted"
        return [*events, *self._lifecycle("completed" if finished else "interrupted")]

    def _lifecycle(self, event: str) -> list[Event]:
        """The root graph begins or ends, for who asked for this mode; the protocol has it from the run."""
        if "lifecycle" not in self._seen.wanted or self._seen.protocol:
            return []
        told = {"event": event, "namespace": [], "graph_name": self.run.graph_id}
        return [Event("lifecycle", wire.dumps_text(told))]


def _requested(question: Mapping[str, Any]) -> dict[str, Any]:
    """A question to protocol clients; the JavaScript one reads `payload`, the Python one `value`."""
    return {"interrupt_id": question["id"], "payload": question["value"], **question}
