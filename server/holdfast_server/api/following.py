"""Following a run to its end: the answers that stay open while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server.api.backend import Backend
from holdfast_server.api.feed import HEARTBEAT
from holdfast_server.api.stopping import ServerStopping
from holdfast_server.runs.run import LIVE


async def guarded(
    backend: Backend, row: DictRow, chunks: AsyncIterator[bytes], *, cancel: bool
) -> AsyncIterator[bytes]:
    """The chunks; a client that hangs up before the end cancels the run if it asked for that."""
    finished = False
    try:
        async for chunk in chunks:
            yield chunk
        finished = True
    finally:
        if cancel and not finished:
            await asyncio.shield(cancel_run(backend, row["thread_id"], row["run_id"], "interrupt"))


async def result_of(backend: Backend, run_id: UUID, *, begins: bool = False) -> AsyncIterator[bytes]:
    """A newline every five seconds, then the final values or the error, as JSON."""
    async for row in _until_over(backend, run_id, begins=begins):
        if row is None:
            yield b"\n"
        elif row["state"] in ("error", "timeout"):
            yield b'{"__error__":' + str(row["error"]).encode() + b"}"
        else:
            yield str(row["output"] or "{}").encode("utf-8", "replace")


async def settled(backend: Backend, run_id: UUID) -> AsyncIterator[bytes]:
    """A newline every five seconds, then an empty object when the run is over."""
    async for row in _until_over(backend, run_id):
        yield b"\n" if row is None else b"{}"


async def _until_over(
    backend: Backend, run_id: UUID, *, begins: bool = False
) -> AsyncIterator[DictRow | None]:
    """None every five seconds, then how the run ended; a run that was undone ends with an empty result.

    A run that just `begins` is not looked at before something is said of it.
    """
    with backend.hub.waiting(f"end:{run_id}") as news:
        while True:
            if not begins:
                news.clear()
                row = await backend.row("run_result", run_id=run_id)
                if row is None or row["state"] not in LIVE:
                    yield row or {"state": "interrupted", "output": None, "error": None}
                    return
            begins = False
            if backend.hub.closing:
                raise ServerStopping
            try:
                await asyncio.wait_for(news.wait(), HEARTBEAT)
            except TimeoutError:
                yield None


async def cancel_run(backend: Backend, thread_id: UUID, run_id: UUID, action: str) -> str:
    """Asks for the end of a run; answers missing, over, running (its worker was asked) or interrupted."""
    params = {"thread_id": thread_id, "run_id": run_id, "action": action}
    row = await backend.row("cancel", **params)
    return str(row["outcome"]) if row else "missing"
