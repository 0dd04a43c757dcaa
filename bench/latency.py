"""How long a served run takes, against the bare graph with the stock saver in one process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Any
from uuid import uuid4

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from bench.app.graphs import trivial
from bench.figures import line, milliseconds
from bench.stock import stock_saver

SAMPLES = 150
CLIENTS = 16
RUNS = 800


async def compare(database_url: str, api: str) -> None:
    """Bare run, `wait`, first event of a stream, and throughput with sixteen clients."""
    client = get_client(url=api, api_key=None)
    bare = await _bare(database_url)
    line("bare graph.ainvoke, stock saver", milliseconds(bare))
    waits = await _timed(SAMPLES, lambda: _wait(client))
    line("served, runs.wait", milliseconds(waits), _ratio(waits, bare))
    firsts = await _timed(SAMPLES, lambda: _first_event(client))
    line("served, first event of a stream", milliseconds(firsts), _ratio(firsts, bare))
    rates = [await _throughput(client) for _ in range(3)]
    against = f"{median(rates) * median(bare):.2f} x bare runs one after another"
    line(f"served, {CLIENTS} clients", f"{median(rates):.0f} runs/s", against)


def _ratio(samples: list[float], bare: list[float]) -> str:
    return f"{median(samples) / median(bare):.1f} x bare"


async def _bare(database_url: str) -> list[float]:
    async with stock_saver(database_url, size=4) as saver:
        graph = trivial.copy({"checkpointer": saver})

        async def run() -> None:
            config: Any = {"configurable": {"thread_id": str(uuid4())}}
            await graph.ainvoke({"trail": []}, config, durability="sync")

        return await _timed(SAMPLES, run)


async def _wait(client: LangGraphClient) -> None:
    await client.runs.wait(None, "trivial", input={"trail": []})


async def _first_event(client: LangGraphClient) -> None:
    async for part in client.runs.stream(None, "trivial", input={"trail": []}):
        if part.event == "values":
            break


async def _throughput(client: LangGraphClient) -> float:
    async def one() -> None:
        for _ in range(RUNS // CLIENTS):
            await _wait(client)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    return RUNS / (time.perf_counter() - started)


async def _timed(samples: int, work: Callable[[], Awaitable[None]]) -> list[float]:
    for _ in range(10):
        await work()
    taken = []
    for _ in range(samples):
        started = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - started)
    return taken
