"""Supersteps a second of our saver, readable and sealed, against the stock one; alone and sixteen at once."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any
from uuid import uuid4

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from bench.app.graphs import trivial
from bench.figures import line
from bench.stock import stock_saver
from holdfast_server.db.pool import Pool, make_pool
from holdfast_server.sealing.house import sealing_with
from holdfast_server.sealing.key import Key
from holdfast_server.sealing.sealer import Sealer
from holdfast_server.supervision.saver import FencedSaver

STEPS = 50
ROUNDS = 7


async def compare(database_url: str) -> None:
    """Rounds of stock and ours in turn; the ratio is the median of the rounds' ratios."""
    fenced = make_pool(database_url, size=16, name="bench", role="holdfast_app", tenant="default")
    async with fenced as pool, stock_saver(database_url, size=16) as stock:
        for runs in (1, 16):
            await _round(stock, pool, runs)
            pairs = [await _pair(stock, pool, runs) for _ in range(ROUNDS)]
            ratio = median(ours / theirs for theirs, ours in pairs)
            theirs, ours = (median(column) for column in zip(*pairs, strict=True))
            figure = f"{ours:6.0f} supersteps/s, stock {theirs:5.0f}"
            line(f"saver, {runs} run{'s' * (runs > 1)} at once", figure, f"{ratio:.2f} x stock")
            pairs = [await _sealed_pair(pool, runs) for _ in range(ROUNDS)]
            ratio = median(sealed / readable for readable, sealed in pairs)
            readable, sealed = (median(column) for column in zip(*pairs, strict=True))
            figure = f"{sealed:6.0f} supersteps/s, readable {readable:5.0f}"
            line(f"sealed, {runs} run{'s' * (runs > 1)} at once", figure, f"{ratio:.2f} x readable")


async def _sealed_pair(pool: Pool, runs: int) -> tuple[float, float]:
    readable = await _round(None, pool, runs)
    with sealing_with(Sealer(Key.of(bytes(32)))):
        return readable, await _round(None, pool, runs)


async def _pair(stock: AsyncPostgresSaver, pool: Pool, runs: int) -> tuple[float, float]:
    return await _round(stock, pool, runs), await _round(None, pool, runs)


async def _round(stock: AsyncPostgresSaver | None, pool: Pool, runs: int) -> float:
    started = time.perf_counter()
    repeat = 4 if runs == 1 else 1
    for _ in range(repeat):
        await asyncio.gather(*(run(stock or FencedSaver(pool)) for _ in range(runs)))
    return runs * repeat * STEPS / (time.perf_counter() - started)


async def run(saver: BaseCheckpointSaver[Any]) -> int:
    """One run of a trivial graph; answers its supersteps."""
    graph = trivial.copy({"checkpointer": saver})
    config: Any = {"configurable": {"thread_id": str(uuid4())}, "recursion_limit": STEPS + 5}
    await graph.ainvoke({"trail": [], "goal": STEPS}, config, durability="sync")
    return STEPS
