"""The roster: which runs this process executes right now; shared by the event loop and the heartbeat."""

from __future__ import annotations

import asyncio
import threading
from uuid import UUID

from holdfast_server.runs.executor import Execution


class Roster:
    """Executions by run id. The event loop adds and removes; the heartbeat thread reads and stops."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._executions: dict[UUID, Execution] = {}
        self.finished = 0

    def add(self, execution: Execution) -> None:
        """Puts an execution on the roster, replacing an older attempt at the same run."""
        with self._lock:
            older = self._executions.get(execution.run.run_id)
            self._executions[execution.run.run_id] = execution
        if older is not None:
            older.stop("superseded")

    def remove(self, execution: Execution) -> None:
        """Takes an execution off, unless a newer attempt has its place."""
        with self._lock:
            self.finished += 1
            if self._executions.get(execution.run.run_id) is execution:
                del self._executions[execution.run.run_id]

    def epochs(self) -> dict[UUID, int]:
        """The epoch under which each run is executed."""
        with self._lock:
            return {run_id: e.run.epoch for run_id, e in self._executions.items()}

    def executions(self) -> list[Execution]:
        """All executions."""
        with self._lock:
            return list(self._executions.values())

    def stop(self, run_id: UUID, reason: str, *, epoch: int | None = None) -> None:
        """Stops a run's execution from any thread; with `epoch`, only that attempt."""
        with self._lock:
            execution = self._executions.get(run_id)
        if execution is not None and epoch in (None, execution.run.epoch):
            self._loop.call_soon_threadsafe(execution.stop, reason)
