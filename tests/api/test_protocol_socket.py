"""The protocol over a WebSocket: commands and events as JSON text frames."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from api.protocol import is_end, told
from api.scene import Client
from stack import Stack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


@asynccontextmanager
async def socket(stack: Stack, thread_id: str) -> AsyncIterator[ClientConnection]:
    url = f"{stack.url.replace('http', 'ws')}/threads/{thread_id}/stream/events"
    async with connect(url) as connection:
        yield connection


async def ask(connection: ClientConnection, number: int, method: str, **params: Any) -> Any:
    """The answer to a command; events that come before it are skipped."""
    await connection.send(json.dumps({"id": number, "method": method, "params": params}))
    async with asyncio.timeout(10):
        while (frame := json.loads(await connection.recv())).get("type") == "event":
            pass
    assert frame["id"] == number
    return frame


async def events(connection: ClientConnection) -> list[Any]:
    """The events up to the end of a run."""
    seen: list[Any] = []
    async with asyncio.timeout(20):
        while not seen or not is_end(seen[-1]):
            frame = json.loads(await connection.recv())
            seen += [frame] if frame["type"] == "event" else []
    return seen


@pytest.mark.behaviour("protocol.socket")
async def test_a_run_is_started_and_followed_on_one_connection(stack: Stack) -> None:
    async with socket(stack, str(uuid4())) as connection:
        subscribed = await ask(connection, 1, "subscription.subscribe", channels=["values", "lifecycle"])
        assert subscribed["result"]["subscription_id"]
        started = await ask(connection, 2, "run.start", assistant_id="echo", input={"x": 1})
        assert started["result"]["run_id"]
        seen = await events(connection)
    assert told(seen, "values")[-1]["log"] == ["first", "second"]


@pytest.mark.behaviour("protocol.socket-late-subscription")
async def test_a_second_subscription_hears_what_was_said_before_it_came(stack: Stack) -> None:
    async with socket(stack, str(uuid4())) as connection:
        await ask(connection, 1, "subscription.subscribe", channels=["lifecycle"])
        await ask(connection, 2, "run.start", assistant_id="echo", input={})
        first = await events(connection)
        await ask(connection, 3, "subscription.subscribe", channels=["updates", "lifecycle"])
        second = await events(connection)
    assert {event["method"] for event in first} == {"lifecycle"}
    assert [list(data) for data in told(second, "updates")] == [["first"], ["second"]]


@pytest.mark.behaviour("protocol.socket-late-subscription")
async def test_an_event_comes_once_for_two_subscriptions(stack: Stack) -> None:
    async with socket(stack, str(uuid4())) as connection:
        for number in (1, 2):
            await ask(connection, number, "subscription.subscribe", channels=["lifecycle", "custom"])
        await ask(connection, 3, "run.start", assistant_id="echo", input={})
        seen = await events(connection)
    assert len({event["event_id"] for event in seen}) == len(seen) == 3


@pytest.mark.behaviour("protocol.socket-unsubscribe")
async def test_who_unsubscribes_hears_nothing_more(stack: Stack) -> None:
    async with socket(stack, str(uuid4())) as connection:
        values = await ask(connection, 1, "subscription.subscribe", channels=["values"])
        await ask(connection, 2, "subscription.subscribe", channels=["lifecycle"])
        key = values["result"]["subscription_id"]
        gone = await ask(connection, 3, "subscription.unsubscribe", subscription_id=key)
        assert (gone["type"], gone["result"]) == ("success", {})
        again = await ask(connection, 4, "subscription.unsubscribe", subscription_id=key)
        assert again["error"] == "no_such_subscription"
        await ask(connection, 5, "run.start", assistant_id="echo", input={})
        assert {event["method"] for event in await events(connection)} == {"lifecycle"}


@pytest.mark.behaviour("protocol.socket-respond")
async def test_a_question_is_answered_in_band(stack: Stack, client: Client) -> None:
    thread_id = str(uuid4())
    async with socket(stack, thread_id) as connection:
        await ask(connection, 1, "subscription.subscribe", channels=["input", "lifecycle"])
        await ask(connection, 2, "run.start", assistant_id="ask", input={"x": 1})
        (asked,) = told(await events(connection), "input.requested")
        answer = {"interrupt_id": asked["interrupt_id"], "namespace": [], "response": "yes"}
        await ask(connection, 3, "input.respond", **answer)
        assert told(await events(connection), "lifecycle")[-1]["event"] == "completed"
    assert (await client.threads.get_state(thread_id))["values"]["answers"] == ["yes"]


@pytest.mark.behaviour("protocol.socket-survives")
async def test_nonsense_is_answered_and_the_connection_lives(stack: Stack) -> None:
    async with socket(stack, str(uuid4())) as connection:
        for raw in ("", "nonsense", "[]", '{"id": 1}', b"\xff\x00", "\x00", "[" * 500):
            await connection.send(raw)
            answer = json.loads(await connection.recv())
            assert (answer["error"], answer["id"]) == ("invalid_argument", None)
        assert (await ask(connection, 1, "nonsense"))["error"] == "unknown_command"
        wrong = await ask(connection, 2, "subscription.subscribe", channels=["nope"])
        assert wrong["error"] == "invalid_argument"
        assert (await ask(connection, 3, "subscription.unsubscribe"))["error"] == "no_such_subscription"
        assert (await ask(connection, 4, "subscription.subscribe", channels=["values"]))["type"] == "success"


async def test_a_deleted_thread_closes_the_connection(stack: Stack, client: Client, thread_id: str) -> None:
    async with socket(stack, thread_id) as connection:
        await ask(connection, 1, "subscription.subscribe", channels=["lifecycle"])
        await ask(connection, 2, "run.start", assistant_id="echo", input={})
        await events(connection)
        await client.threads.delete(thread_id)
        with pytest.raises(ConnectionClosed) as closed:
            async with asyncio.timeout(5):
                await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000


async def test_a_wrong_thread_id_is_refused_at_the_door(stack: Stack) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with socket(stack, "nonsense"):
            pass
    assert refused.value.response.status_code == 422
