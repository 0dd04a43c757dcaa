"""Words that the API tests share: a run that is busy for long, and waiting for a fact instead of a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, LiteralString

import psycopg
from stack import SESSION

# langgraph_sdk's client. It types its answers as unions and partial dicts that no test could look into.
Client = Any

LONG = 60.0
# Seconds. Who waits for code that blocks in these tests waits for two and more; a busy machine is not frozen.
FROZEN = 1.5
TABLES: tuple[LiteralString, ...] = (
    "thread",
    "run",
    "assistant",
    "event",
    "effect",
    "checkpoints",
    "checkpoint_writes",
    "checkpoint_blobs",
)


def rows(database: str) -> dict[str, int]:
    """How many rows every table has."""
    with psycopg.connect(database, options=SESSION) as conn:
        counts = {}
        for table in TABLES:
            row = conn.execute(f"select count(*) from {table}").fetchone()
            assert row is not None
            counts[table] = int(row[0])
        return counts


async def until(happened: Callable[[], Awaitable[bool]], *, patience: float = 10.0) -> None:
    """Looks until it is so; fails when it never is."""
    async with asyncio.timeout(patience):
        while not await happened():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def busy_run(client: Client, thread_id: str, **options: Any) -> str:
    """A run that sleeps in its second node until somebody stops it; its first node is committed."""
    run = await client.runs.create(thread_id, "slow", input={"seconds": LONG}, **options)
    run_id = str(run["run_id"])

    async def sleeps() -> bool:
        return bool((await client.threads.get_state(thread_id))["next"] == ["sleep"])

    await until(sleeps)
    return run_id


async def status_of(client: Client, thread_id: str, run_id: str) -> str:
    """The status of a run."""
    return str((await client.runs.get(thread_id, run_id))["status"])
