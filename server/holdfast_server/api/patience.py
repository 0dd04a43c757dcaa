"""Late answers begin with white space, which JSON allows, so that their clients do not give up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

# httpx gives up on a silent connection after five seconds unless it is told otherwise.
SILENCE = 2.0


async def patiently(coming: Coroutine[Any, Any, Response]) -> Response:
    """The answer if it comes soon, else one that says newlines until it is there."""
    task = asyncio.ensure_future(coming)
    try:
        done, _ = await asyncio.wait([task], timeout=SILENCE)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if done:
        return task.result()
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_late(task), media_type="application/json", headers=headers)


async def _late(task: asyncio.Task[Response]) -> AsyncGenerator[bytes]:
    try:
        yield b"\n"
        while not (await asyncio.wait([task], timeout=SILENCE))[0]:
            yield b"\n"
        yield bytes(task.result().body)
    finally:
        task.cancel()
