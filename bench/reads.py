"""What it costs to read a thread with 10,000 checkpoints, against one with ten of the same size."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from bench.figures import line, milliseconds

SHALLOW, DEEP = 10, 10_000
SAMPLES = 100
Read = Callable[[str], Awaitable[Any]]


async def compare(api: str) -> None:
    """Thread, state, state at a checkpoint, and pages of history, in turn on both threads."""
    client = get_client(url=api, api_key=None)
    shallow, deep = await _thread(client, SHALLOW), await _thread(client, DEEP)
    last_page: Any = {"checkpoint_id": await _tenth_oldest(client, deep)}
    reads: dict[str, Read] = {
        "thread": client.threads.get,
        "state": client.threads.get_state,
        "10 states of history": lambda t: client.threads.get_history(t, limit=10),
        "the oldest of them": lambda t: client.threads.get_history(
            t, limit=5, before=last_page if t == deep else None
        ),
        "runs": client.runs.list,
    }
    for name, read in reads.items():
        few, many = await _in_turn(read, shallow, deep)
        ratio = f"{median(many) / median(few):.2f} x {SHALLOW} checkpoints"
        line(f"{name}, {DEEP} checkpoints", milliseconds(many), ratio)


async def _thread(client: LangGraphClient, supersteps: int) -> str:
    thread_id = str((await client.threads.create())["thread_id"])
    config: Any = {"recursion_limit": supersteps + 10}
    result: Any = await client.runs.wait(thread_id, "counts", input={"goal": supersteps}, config=config)
    assert result["count"] == supersteps
    return thread_id


async def _tenth_oldest(client: LangGraphClient, thread_id: str) -> str:
    oldest = await client.threads.get_history(thread_id, limit=5, metadata={"step": 5})
    return str(oldest[0]["checkpoint"]["checkpoint_id"])


async def _in_turn(read: Read, *thread_ids: str) -> list[list[float]]:
    taken: list[list[float]] = [[] for _ in thread_ids]
    for _ in range(SAMPLES):
        for samples, thread_id in zip(taken, thread_ids, strict=True):
            started = time.perf_counter()
            await read(thread_id)
            samples.append(time.perf_counter() - started)
    return taken
