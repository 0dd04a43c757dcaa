"""The crash: kill -9 on the worker that executes a tool call right now, and how soon its runs go on."""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from errors import DemoError
from langgraph_sdk.client import LangGraphClient, SyncLangGraphClient
from review import Review
from voice import Voice

WORKERS = "/holdfast/workers"
RESTART_SECONDS = 60.0

Worker = dict[str, Any]


@dataclass(frozen=True)
class Crash:
    """A worker that was killed at `at`, the run we watched, and all runs it was executing."""

    pid: int
    at: float
    watched: Review
    aboard: Sequence[Review]
    others: frozenset[int]
    """The workers that were there before; whoever comes later replaces the dead one."""

    def recoveries(self) -> list[float]:
        """For each run that went on: seconds from the kill to the first event of its next attempt."""
        return sorted(r.comeback.at - self.at for r in self.aboard if r.comeback)


async def strike(client: LangGraphClient, watched: Review, reviews: Sequence[Review], voice: Voice) -> Crash:
    """Find the worker that executes `watched`, by asking the system, and kill it."""
    workers: list[Worker] = await client.http.get(WORKERS)
    worker = next((w for w in workers if watched.run_id in w["runs"]), None)
    if worker is None:
        raise DemoError(f"no worker says that it executes run {watched.run_id}; GET {WORKERS} lists them")
    pid: int = worker["pid"]
    done = len(watched.finished)
    voice.tell(
        watched.invoice_id, f"screen_supplier is in flight, {done} calls before it have finished", "bold"
    )
    os.kill(pid, signal.SIGKILL)
    crash = Crash(
        pid=pid,
        at=time.monotonic(),
        watched=watched,
        aboard=[review for review in reviews if review.run_id in worker["runs"]],
        others=frozenset(w["pid"] for w in workers),
    )
    aboard = " ".join(review.invoice_id for review in crash.aboard)
    voice.tell("kill -9", f"worker {pid} is dead; it was executing {aboard}", "bold red")
    return crash


def successor(client: SyncLangGraphClient, crash: Crash) -> int | None:
    """The process that `holdfast dev` started in the dead worker's place; None when it takes too long."""
    deadline = time.monotonic() + RESTART_SECONDS
    while time.monotonic() < deadline:
        workers: list[Worker] = client.http.get(WORKERS)
        for worker in workers:
            if worker["alive"] and worker["pid"] not in crash.others:
                return int(worker["pid"])
        time.sleep(0.1)
    return None
