"""Random calls to MCP and A2A: refused in the words of the protocol or served, never a 500."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
from api.test_fuzz import anything

_MCP = [
    "initialize",
    "ping",
    "tools/list",
    "tools/call",
    "server/discover",
    "notifications/cancelled",
    "\x00",
]
_A2A = [
    "message/send", "message/stream", "tasks/get", "tasks/cancel", "tasks/resubscribe", "SendMessage",
    "SendStreamingMessage", "GetTask", "CancelTask", "SubscribeToTask", "ListTasks",
]  # fmt: skip
_KEYS = [
    "name", "arguments", "_meta", "progressToken", "cursor", "protocolVersion", "id", "message", "messageId",
    "parts", "kind", "text", "data", "file", "bytes", "uri", "raw", "url", "contextId", "taskId", "role",
    "configuration", "blocking", "historyLength", "returnImmediately", "messages", "input", "x",
]  # fmt: skip


def params(dice: random.Random, depth: int = 0) -> Any:
    """Something that nearly makes sense."""
    if depth > 4 or dice.random() < 0.25:
        return dice.choice([anything(dice, 3), "echo", [], {}, f"{'0' * 8}:{'0' * 8}"])
    if dice.random() < 0.2:
        return [params(dice, depth + 1) for _ in range(dice.randrange(3))]
    return {dice.choice(_KEYS): params(dice, depth + 1) for _ in range(dice.randrange(8))}


def message(dice: random.Random) -> Any:
    """A message that is right but for one thing."""
    said: dict[str, Any] = {"messageId": "1", "role": "user", "parts": [{"kind": "data", "data": {"x": 1}}]}
    said[dice.choice(["contextId", "taskId", "parts", "role", "metadata", "messageId"])] = params(dice, 2)
    return {"message": said, "configuration": {"blocking": False}}


def call(dice: random.Random, methods: list[str]) -> Any:
    """A request, mostly with a right envelope."""
    made = {"jsonrpc": "2.0", "id": 1, "method": dice.choice(methods)}
    made["params"] = message(dice) if dice.random() < 0.4 else params(dice)
    if dice.random() < 0.2:
        made[dice.choice([*made])] = anything(dice)
    return made


async def test_no_call_makes_the_server_stumble(http: httpx.AsyncClient) -> None:
    paths = {"/mcp": _MCP, "/a2a/echo": _A2A, "/a2a/agent": _A2A, "/a2a/a%00b": _A2A, "/a2a/%F0%9F": _A2A}

    async def throw(path: str, methods: list[str]) -> None:
        dice = random.Random(path)
        for _ in range(120):
            thrown = call(dice, methods)
            answer = await http.post(path, json=thrown)
            assert answer.status_code < 500, (path, thrown, answer.text)
            if answer.status_code == 202 or answer.headers["content-type"].startswith("text/event-stream"):
                continue
            assert "result" in answer.json() or answer.json()["error"]["code"] < 0, (
                path,
                thrown,
                answer.text,
            )

    async with asyncio.timeout(120), asyncio.TaskGroup() as throwing:
        for path, methods in paths.items():
            throwing.create_task(throw(path, methods))
    assert (await http.get("/ok")).status_code == 200
