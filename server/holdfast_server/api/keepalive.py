"""Something to send while nothing happens, so that neither clients nor proxies give up on an open answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TypeVar

import anyio

Item = TypeVar("Item")

# httpx gives up on a silent connection after five seconds unless it is told otherwise.
_SILENCE = 2.0


async def kept_alive(
    items: AsyncGenerator[Item], *, silence: float = _SILENCE
) -> AsyncGenerator[Item | None]:
    """The items, and None whenever none came for a while; closes them when it is closed."""
    coming: asyncio.Task[Item] | None = None
    try:
        while True:
            coming = coming or asyncio.create_task(_next(items))
            if not (await asyncio.wait([coming], timeout=silence))[0]:
                yield None
                continue
            try:
                item = coming.result()
            except StopAsyncIteration:
                return
            coming = None
            yield item
    finally:
        # Who hangs up cancels the answer again and again until it is gone; what it waits for ends in order.
        with anyio.CancelScope(shield=True):
            if coming is not None and coming.cancel():
                await asyncio.wait([coming])
            await items.aclose()


async def _next(items: AsyncGenerator[Item]) -> Item:
    return await anext(items)
