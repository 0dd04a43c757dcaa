"""Runs an ASGI application on another event loop; the server's `receive` and `send` stay on this one."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holdfast_server.custom.loop import contained

T = TypeVar("T")


async def across(loop: AbstractEventLoop, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """One request or one WebSocket; errors and cancellation cross over too."""
    home = asyncio.get_running_loop()

    async def far_receive() -> Message:
        return await _over(_message(receive), home)

    async def far_send(message: Message) -> None:
        await _over(_sent(send, message), home)

    await _over(contained(_served(app, scope, far_receive, far_send)), loop)


async def _over(work: Coroutine[Any, Any, T], loop: AbstractEventLoop) -> T:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


async def _message(receive: Receive) -> Message:
    return await receive()


async def _sent(send: Send, message: Message) -> None:
    await send(message)


async def _served(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)
