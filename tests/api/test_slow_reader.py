"""A reader who does not read costs a run nothing and the API no memory; any API process serves any reader."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from api.framing import frames
from api.protocol import start
from stack import Stack, running

MANY = 50_000
FLOOD: dict[str, Any] = {"assistant_id": "flood", "input": {"n": MANY, "width": 100}}


def megabytes(stack: Stack) -> float:
    """What the API process holds in memory."""
    status = Path(f"/proc/{stack.api.pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


@asynccontextmanager
async def deaf(stack: Stack, head: str, body: Any = None) -> AsyncIterator[str]:
    """A client that sends a request, reads the first bytes of the answer and then nothing any more."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, ("127.0.0.1", stack.port))
        content = json.dumps(body) if body is not None else ""
        length = f"content-length: {len(content)}\r\n" if body is not None else ""
        await loop.sock_sendall(raw, f"{head} HTTP/1.1\r\nhost: 127.0.0.1\r\n{length}\r\n{content}".encode())
        yield (await loop.sock_recv(raw, 1024)).decode(errors="replace")


async def seconds(http: httpx.AsyncClient, thread_id: str) -> float:
    """How long a run of many events takes when nobody waits for its stream."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    run_id = await start(http, thread_id, "flood", input=FLOOD["input"])
    result = (await http.get(f"/threads/{thread_id}/runs/{run_id}/join")).json()
    assert result["seconds"] > 0
    return loop.time() - began


async def test_readers_who_never_read_do_not_slow_a_run_or_fill_the_memory(database: str) -> None:
    async with running(database) as stack, stack.http(timeout=120) as http:
        alone = await seconds(http, str(uuid4()))
        thread_id = str((await http.post("/threads", json={})).json()["thread_id"])
        before = megabytes(stack)
        async with AsyncExitStack() as readers:
            for _ in range(5):
                path = f"/threads/{thread_id}/stream"
                channels = {"channels": ["custom", "updates", "values"]}
                await readers.enter_async_context(deaf(stack, f"GET {path}"))
                await readers.enter_async_context(deaf(stack, f"POST {path}/events", channels))
            watched = await seconds(http, thread_id)
            grown = megabytes(stack) - before
        print(f"alone {alone:.2f} s, watched {watched:.2f} s, API memory +{grown:.0f} MB")
        # They share two cores with the run until their buffers are full; a run that waited would never end.
        assert watched < alone * 3 + 3
        assert grown < 100


@pytest.mark.behaviour("stream.slow-reader")
async def test_a_deaf_creator_loses_nothing_that_is_kept(database: str) -> None:
    body = FLOOD | {"stream_mode": "custom", "stream_resumable": True}
    async with running(database) as stack, stack.http(timeout=120) as http:
        async with deaf(stack, "POST /runs/stream", body) as head:
            location = next(line for line in head.splitlines() if line.startswith("location: "))
            path = location.removeprefix("location: ").strip()
            await http.get(path.replace("/stream", "/join"))
            kept = frames((await http.get(path, headers={"last-event-id": "0"})).content)
        assert [data["number"] for name, data, _ in kept if name == "custom"] == list(range(MANY))


@pytest.mark.behaviour("stream.any-api-process")
async def test_any_api_process_serves_any_reader(stack: Stack, stack_database: str) -> None:
    async with running(stack_database, workers=0) as other, stack.http() as here, other.http() as there:
        thread_id = str((await here.post("/threads", json={})).json()["thread_id"])
        body = {"assistant_id": "slow", "input": {"seconds": 1}, "stream_resumable": True}
        run = (await here.post(f"/threads/{thread_id}/runs", json=body)).json()
        path = f"/threads/{thread_id}/runs/{run['run_id']}/stream"
        headers = {"last-event-id": "0"}
        one, two = await asyncio.gather(here.get(path, headers=headers), there.get(path, headers=headers))
        assert one.content == two.content
        assert frames(two.content)[-1][1]["log"] == ["before", "slept", "after"]
        thread = there.stream("GET", f"/threads/{thread_id}/stream", headers=headers)
        async with thread as response, asyncio.timeout(5):
            seen = b""
            async for chunk in response.aiter_raw():
                seen += chunk
                if b"run_done" in seen:
                    break
        assert frames(seen)[:-1] == frames(two.content)
