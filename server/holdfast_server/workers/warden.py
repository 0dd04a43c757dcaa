"""The warden: watches what its worker process takes, and sends it home before it takes too much."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

from holdfast_server.boundary.limits import cap_data, resident_size
from holdfast_server.config.workers import Limits
from holdfast_server.errors import ConfigError
from holdfast_server.workers.roster import Roster

logger = logging.getLogger(__name__)

# From here on the process drains, so that its runs go on elsewhere before it has to end.
_SOFT = 0.8
# What one piece of code may ask for at once, while the warden's thread cannot run beside it.
_BURST = 2
_EVERY = 0.1
OUT_OF_MEMORY = 75


class Warden:
    """Drains the worker when it has had its runs or nears its memory; ends it when that is used up.

    A thread, because user code that eats memory seldom lets the event loop run.

    Args:
        limits: of this process.
        roster: what it runs.
        drain: tells the worker to drain; called from the thread, once.
    """

    def __init__(self, limits: Limits, roster: Roster, drain: Callable[[], object]) -> None:
        self._limits = limits
        self._roster = roster
        self._drain = drain
        self._drained = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warden", daemon=True)

    def start(self) -> None:
        """Starts the thread, if there is something to watch."""
        if self._limits.memory is not None:
            cap_data(_BURST * self._limits.memory)
        if self._limits.memory is not None or self._limits.max_runs is not None:
            self._thread.start()

    def stop(self) -> None:
        """Stops the thread; safe before `start`, safe twice."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def tick(self) -> None:
        """One look."""
        memory, max_runs = self._limits.memory, self._limits.max_runs
        size = resident_size() or 0
        if memory is not None and size > memory:
            self._end(size, memory)
        if memory is not None and size > _SOFT * memory:
            self._send_home(f"{_mb(size)} of {_mb(memory)} memory are used")
        elif max_runs is not None and self._roster.finished >= max_runs:
            self._send_home(f"{self._roster.finished} runs are done")

    def _run(self) -> None:
        while not self._stopped.wait(_EVERY):
            self.tick()

    def _send_home(self, why: str) -> None:
        if not self._drained:
            self._drained = True
            logger.warning("%s: the worker drains and ends, to be started afresh", why)
            self._drain()

    def _end(self, size: int, memory: int) -> None:
        runs = ", ".join(str(run_id) for run_id in self._roster.epochs()) or "none"
        logger.critical(
            "%s memory are used of %s: the process ends; runs in hand, which go on elsewhere: %s",
            _mb(size), _mb(memory), runs,
        )  # fmt: skip
        os._exit(OUT_OF_MEMORY)


def check_room(memory: int | None) -> None:
    """Sees that a worker that has loaded its graphs has room left for runs.

    Raises:
        ConfigError: it would drain at once, again and again.
    """
    size = resident_size() or 0
    if memory is not None and size > _SOFT * memory:
        raise ConfigError(
            f"a worker with its graphs loaded takes {_mb(size)} before its first run, and its limit is "
            f"{_mb(memory)}; raise memory under holdfast.workers"
        )


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
