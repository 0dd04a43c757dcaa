"""How long a run stands still when its worker is killed with -9 and another one is there."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import httpx
from langgraph_sdk import get_client

from bench.figures import line, milliseconds

KILLS = 5
STEP = 0.5


async def measure(api: str) -> None:
    """From the kill to the new attempt, as the stream tells it."""
    samples = [await _kill_once(api) for _ in range(KILLS)]
    line("recovery after kill -9, two workers", milliseconds(samples))


async def _kill_once(api: str) -> float:
    client = get_client(url=api, api_key=None)
    killed = 0.0
    stream = client.runs.stream(None, "waits", input={"seconds": STEP}, stream_mode="tasks")
    async for part in stream:
        if part.event == "tasks" and not killed:
            os.kill(await _owner(api), signal.SIGKILL)
            killed = time.monotonic()
        elif part.event == "metadata" and killed:
            recovered = time.monotonic() - killed
    await _all_alive(api)
    return recovered


async def _owner(api: str) -> int:
    async with httpx.AsyncClient(base_url=api) as http:
        workers = (await http.get("/holdfast/workers")).json()
    return int(next(w["pid"] for w in workers if w["runs"] and w["alive"]))


async def _all_alive(api: str, count: int = 2) -> None:
    async with httpx.AsyncClient(base_url=api) as http:
        while sum(w["alive"] for w in (await http.get("/holdfast/workers")).json()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
