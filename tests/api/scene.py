"""Words that the API tests share: a run that is busy for long, and waiting for a fact instead of a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from langgraph_sdk.client import LangGraphClient

LONG = 60.0


async def until(happened: Callable[[], Awaitable[bool]], *, patience: float = 10.0) -> None:
    """Looks until it is so; fails when it never is."""
    async with asyncio.timeout(patience):
        while not await happened():
            await asyncio.sleep(0.02)


async def busy_run(client: LangGraphClient, thread_id: str, **options: Any) -> str:
    """A run that sleeps in its second node until somebody stops it; its first node is committed."""
    run = await client.runs.create(thread_id, "slow", input={"seconds": LONG}, **options)
    run_id = str(run["run_id"])

    async def sleeps() -> bool:
        return (await client.threads.get_state(thread_id))["next"] == ["sleep"]

    await until(sleeps)
    return run_id


async def status_of(client: LangGraphClient, thread_id: str, run_id: str) -> str:
    """The status of a run."""
    return str((await client.runs.get(thread_id, run_id))["status"])
