"""Looking at a running stack from outside."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from stack import Process, Stack


async def until(condition: Callable[[], bool], *, patience: float = 30.0) -> None:
    """Waits until a condition holds, looking often; fails when it does not come to that."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        await asyncio.sleep(0.01)


async def owner(stack: Stack, run_id: str) -> Process:
    """The worker process that executes a run."""
    async with stack.http() as http:
        rows = (await http.get("/holdfast/workers")).json()
    [pid] = [row["pid"] for row in rows if run_id in row["runs"]]
    return next(worker for worker in stack.workers if worker.pid == pid)
