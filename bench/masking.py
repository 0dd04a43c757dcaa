"""What masking costs: supersteps and streamed tokens with twenty known secrets against none."""

from __future__ import annotations

import asyncio
import secrets
import time
from statistics import median
from typing import Any

from langchain_core.messages import AIMessageChunk

from bench.figures import line
from bench.savers import run
from holdfast_server.db.pool import Pool, make_pool
from holdfast_server.masking.masker import MASKER
from holdfast_server.runs.stream import Translator
from holdfast_server.runs.unbroken import Unbroken
from holdfast_server.supervision.saver import FencedSaver

KNOWN = 20
ROUNDS = 9
TOKENS = 2_000


async def compare(database_url: str) -> None:
    """Rounds without and with secrets in turn; the ratio is the median of the rounds' ratios."""
    ours = make_pool(database_url, size=16, name="bench", role="holdfast_app", tenant="default")
    async with ours as pool:
        await _supersteps(pool)
        pairs = [
            (await _knowing(0, _supersteps, pool), await _knowing(KNOWN, _supersteps, pool))
            for _ in range(ROUNDS)
        ]
        _line("saver", "supersteps/s", pairs)
        pairs = [
            (await _knowing(0, _tokens, pool), await _knowing(KNOWN, _tokens, pool)) for _ in range(ROUNDS)
        ]
        _line("stream", "tokens/s", pairs)


def _line(name: str, unit: str, pairs: list[tuple[float, float]]) -> None:
    ratio = median(masked / bare for bare, masked in pairs)
    bare, masked = (median(column) for column in zip(*pairs, strict=True))
    line(f"{name}, {KNOWN} known secrets", f"{masked:6.0f} {unit}, none {bare:5.0f}", f"{ratio:.2f} x none")


async def _knowing(count: int, measure: Any, pool: Pool) -> float:
    MASKER.in_json = True
    for n in range(count):
        MASKER.learn(f"SECRET_{n}", f"sk-{secrets.token_urlsafe(32)}")
    try:
        figure: float = await measure(pool)
        return figure
    finally:
        MASKER.forget()
        MASKER.in_json = False


async def _supersteps(pool: Pool) -> float:
    started = time.perf_counter()
    steps = [await run(FencedSaver(pool)) for _ in range(4)]
    return sum(steps) / (time.perf_counter() - started)


async def _tokens(pool: Pool) -> float:
    """Tokens as they become the events of a run; writing them costs the same with and without."""
    await asyncio.sleep(0)
    metadata = {"langgraph_node": "model", "run_id": "r", "langgraph_step": 1, "thread_id": "t" * 36}
    unbroken, seen = Unbroken(), Translator(("messages-tuple", "values"))
    started = time.perf_counter()
    for n in range(TOKENS):
        message = AIMessageChunk(id="m", content=f" word{n}" + "s" * (n % 10 == 0))
        for part in unbroken.parts(((), "messages", (message, metadata))):
            seen.events(part)
    return TOKENS / (time.perf_counter() - started)
