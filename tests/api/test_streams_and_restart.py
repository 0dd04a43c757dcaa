"""An API process that stops breaks its streams off; clients come again and go on exactly there."""

from __future__ import annotations

import asyncio
import contextlib
from uuid import uuid4

import httpx
import pytest
from api.protocol import is_end, start, subscribed, told, until
from api.test_protocol_socket import ask, socket
from stack import running
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError


async def close_code(connection: ClientConnection) -> int | None:
    """What the server says when it closes; frames before that are skipped."""
    with contextlib.suppress(ConnectionClosedError):
        async for _ in connection:
            pass
    return connection.close_code


async def test_streams_break_when_the_api_stops_and_go_on_when_it_is_back(database: str) -> None:
    thread_id = str(uuid4())
    async with running(database) as stack, stack.http() as http, socket(stack, thread_id) as connection:
        await ask(connection, 1, "subscription.subscribe", channels=["values"])
        async with subscribed(http, thread_id, ["values", "lifecycle"]) as events:
            await start(http, thread_id, "slow", input={"seconds": 3})
            seen = await until(events, lambda event: event["method"] == "values")
            stopping = asyncio.create_task(stack.api.stop())
            with pytest.raises(httpx.RemoteProtocolError):
                seen += [event async for event in events]
            async with asyncio.timeout(10):
                assert await close_code(connection) == 1012
            await stopping
        stack.start_api()
        await stack.ready()
        async with subscribed(http, thread_id, ["values", "lifecycle"], since=seen[-1]["seq"]) as events:
            seen += await until(events, is_end)
    assert [data["event"] for data in told(seen, "lifecycle")] == ["running", "completed"]
    assert [data["log"] for data in told(seen, "values")][-1] == ["before", "slept", "after"]
    assert len({event["seq"] for event in seen}) == len(seen)
