"""Random commands and subscriptions: refused or carried out, never a 500."""

from __future__ import annotations

import asyncio
import json
import random
from typing import Any
from uuid import uuid4

import httpx
from api.protocol import followed, start
from api.test_fuzz import anything
from api.test_protocol_socket import socket
from stack import Stack

METHODS = [
    "run.start", "input.respond", "agent.getTree", "subscription.subscribe", "subscription.unsubscribe",
    "subscription.reconnect", "state.get", "", "x" * 1000,
]  # fmt: skip
FIELDS = [
    "assistant_id", "input", "config", "metadata", "interrupt_id", "response", "responses", "namespace",
    "update", "goto", "run_id", "subscription_id", "channels", "namespaces", "depth", "since",
]  # fmt: skip
CHANNELS: list[Any] = [
    "values",
    "custom",
    "custom:x",
    "lifecycle",
    "messages",
    "nope",
    "",
    None,
    5,
    "custom:",
]


def params(dice: random.Random) -> Any:
    """Random parameters under names that mean something."""
    made = {dice.choice(FIELDS): anything(dice) for _ in range(dice.randrange(6))}
    if dice.random() < 0.5:
        made["assistant_id"] = dice.choice(["echo", "ask"])
    if dice.random() < 0.5:
        made["channels"] = dice.choices(CHANNELS, k=dice.randrange(4))
    return made if dice.random() < 0.95 else anything(dice)


def command(dice: random.Random, number: int) -> dict[str, Any]:
    """A random command with a number of its own."""
    return {"id": number, "method": dice.choice(METHODS), "params": params(dice)}


async def test_no_command_makes_the_server_stumble(http: httpx.AsyncClient) -> None:
    async def throw(seed: int) -> None:
        dice, thread_id = random.Random(seed), str(uuid4())
        for number in range(30):
            thrown = command(dice, number)
            response = await http.post(f"/threads/{thread_id}/commands", json=thrown)
            assert response.status_code in (200, 400), (thrown, response.text)
            thrown = params(dice)
            async with http.stream("POST", f"/threads/{thread_id}/stream/events", json=thrown) as stream:
                assert stream.status_code in (200, 400), thrown

    async with asyncio.timeout(60), asyncio.TaskGroup() as throwing:
        for seed in range(6):
            throwing.create_task(throw(seed))
    thread_id = str(uuid4())
    await start(http, thread_id, "echo", input={})
    await followed(http, thread_id)


async def test_no_frame_breaks_a_connection(stack: Stack) -> None:
    async def talk(seed: int) -> None:
        dice = random.Random(seed)
        async with socket(stack, str(uuid4())) as connection:
            for number in range(40):
                thrown = command(dice, number)
                await connection.send(json.dumps(thrown))
                while (frame := json.loads(await connection.recv())).get("type") == "event":
                    pass
                assert frame["type"] in ("success", "error"), (thrown, frame)
                assert frame["id"] in (number, None)

    async with asyncio.timeout(60), asyncio.TaskGroup() as talking:
        for seed in range(6):
            talking.create_task(talk(seed))
