"""Exits in user code: `sys.exit()` in a node ends its run, not the worker and every run beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from holdfast_server.errors import HoldfastError


class ExitInGraph(HoldfastError):
    """User code asked the process to exit."""


def contain_exits(loop: asyncio.AbstractEventLoop) -> None:
    """Makes every task of the loop turn an exit into an error; asyncio would stop the whole loop for it."""
    loop.set_task_factory(_contained_task)


def _contained_task(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
    **options: Any,
) -> asyncio.Task[Any]:
    return asyncio.Task(_contained(coroutine), loop=loop, **options)


async def _contained(coroutine: Any) -> Any:
    try:
        return await coroutine
    except (SystemExit, KeyboardInterrupt) as leaving:
        raise ExitInGraph(
            f"the graph raised {type(leaving).__name__}({leaving}); a run may end, not its worker"
        ) from leaving
