"""Words that the tests of the protocol share: raw commands and raw events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx

ALL = ["values", "updates", "messages", "tools", "lifecycle", "input", "tasks", "checkpoints", "custom"]
HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "Oslo"}]}
_numbers = count(1)


async def command(http: httpx.AsyncClient, thread_id: str, method: str, **params: Any) -> Any:
    """The answer to a command."""
    body = {"id": next(_numbers), "method": method, "params": params}
    response = await http.post(f"/threads/{thread_id}/commands", json=body)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert answer["id"] == body["id"]
    return answer


async def start(http: httpx.AsyncClient, thread_id: str, graph: str, **params: Any) -> str:
    """Starts a run and answers its id."""
    answer = await command(http, thread_id, "run.start", assistant_id=graph, **params)
    assert answer["type"] == "success", answer
    return str(answer["result"]["run_id"])


@asynccontextmanager
async def subscribed(
    http: httpx.AsyncClient, thread_id: str, channels: list[str], **options: Any
) -> AsyncIterator[AsyncIterator[Any]]:
    """The events of a subscription; open when the block begins."""
    body = {"channels": channels, **options}
    async with http.stream("POST", f"/threads/{thread_id}/stream/events", json=body) as response:
        assert response.status_code == 200, await response.aread()
        yield _events(response)


async def _events(response: httpx.Response) -> AsyncIterator[Any]:
    async for line in response.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def is_end(event: Any) -> bool:
    """Whether the root graph came to an end."""
    params = event["params"]
    ends = ("completed", "failed", "interrupted")
    return event["method"] == "lifecycle" and not params["namespace"] and params["data"]["event"] in ends


async def until(events: AsyncIterator[Any], last: Callable[[Any], bool] = is_end) -> list[Any]:
    """The events up to one."""
    seen = []
    async with asyncio.timeout(20):
        async for event in events:
            seen.append(event)
            if last(event):
                return seen
    raise AssertionError(f"the stream ended before: {seen}")


async def followed(
    http: httpx.AsyncClient, thread_id: str, channels: list[str] = ALL, **options: Any
) -> list[Any]:
    """The events of a thread up to the end of a run."""
    async with subscribed(http, thread_id, channels, **options) as events:
        return await until(events)


def told(events: list[Any], method: str) -> list[Any]:
    """The data of the events of one method."""
    return [event["params"]["data"] for event in events if event["method"] == method]
