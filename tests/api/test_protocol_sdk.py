"""The official clients speak the protocol: the Python SDK over both transports, and RemoteGraph."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from api.protocol import HELLO
from api.scene import Client, until
from langgraph.pregel.remote import RemoteGraph
from stack import Stack

TRANSPORTS = pytest.mark.parametrize("transport", ["sse", "websocket"])
pytestmark = pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainBetaWarning")


@pytest.mark.behaviour("python-sdk.v3-output")
@TRANSPORTS
async def test_a_run_to_its_output(client: Client, transport: str) -> None:
    async with client.threads.stream(assistant_id="agent", transport=transport) as thread:
        started = await thread.run.start(input=HELLO)
        async with asyncio.timeout(20):
            output = await thread.output
        assert started["run_id"]
    assert output["messages"][-1]["content"][0]["text"].strip() == "I heard sun over Oslo"


@pytest.mark.behaviour("python-sdk.v3-subscribe")
@TRANSPORTS
async def test_a_subscription_gives_raw_events(client: Client, transport: str) -> None:
    async with client.threads.stream(assistant_id="echo", transport=transport) as thread:
        await thread.run.start(input={"x": 1})
        async with asyncio.timeout(20):
            seen = [event async for event in thread.subscribe(["values", "custom", "updates"])]
    assert {event["method"] for event in seen} == {"values", "custom", "updates"}
    assert [e["params"]["data"]["log"] for e in seen if e["method"] == "values"][-1] == ["first", "second"]


@pytest.mark.behaviour("python-sdk.v3-messages")
@TRANSPORTS
async def test_messages_are_assembled(client: Client, transport: str) -> None:
    async with client.threads.stream(assistant_id="agent", transport=transport) as thread:
        await thread.run.start(input=HELLO)
        async with asyncio.timeout(20):
            messages = [message async for message in thread.messages]
            texts = [str(await message.text) for message in messages]
    assert [text.strip() for text in texts] == ["", "I heard sun over Oslo"]


@pytest.mark.behaviour("python-sdk.v3-tool-calls")
@TRANSPORTS
async def test_tool_calls_are_seen(client: Client, transport: str) -> None:
    async with client.threads.stream(assistant_id="agent", transport=transport) as thread:
        await thread.run.start(input=HELLO)
        async with asyncio.timeout(20):
            calls = [call async for call in thread.tool_calls]
    assert [(call.name, call.input) for call in calls] == [("weather", {"city": "Oslo"})]


@pytest.mark.behaviour("python-sdk.v3-sub-graphs")
@TRANSPORTS
async def test_sub_graphs_are_seen(client: Client, transport: str) -> None:
    async with client.threads.stream(assistant_id="sub", transport=transport) as thread:
        await thread.run.start(input={})
        async with asyncio.timeout(20):
            names = [handle.graph_name async for handle in thread.subgraphs]
    assert names == ["calm", "asking"]


@pytest.mark.behaviour("python-sdk.v3-interrupts")
@TRANSPORTS
async def test_a_question_is_answered(client: Client, transport: str) -> None:
    async with client.threads.stream(assistant_id="ask", transport=transport) as thread:
        await thread.run.start(input={"x": 1})

        async def is_asked() -> bool:
            return bool(thread.interrupts)

        await until(is_asked)
        assert thread.interrupted
        assert thread.interrupts[0]["value"] == {"question": "ok?", "x": 1}
        await thread.run.respond("yes")
        async with asyncio.timeout(20):
            output = await thread.output
    assert output["answers"] == ["yes"]


@pytest.mark.behaviour("python-sdk.v3-failure")
@TRANSPORTS
async def test_a_failure_is_raised(client: Client, transport: str) -> None:
    async with client.threads.stream(assistant_id="fails", transport=transport) as thread:
        await thread.run.start(input={})
        with pytest.raises(RuntimeError, match="boom from node"):
            async with asyncio.timeout(20):
                await thread.output


@pytest.mark.behaviour("remote-graph.v3")
async def test_remote_graph_streams_events(stack: Stack) -> None:
    remote: Any = RemoteGraph("agent", url=stack.url)
    config = {"configurable": {"thread_id": str(uuid4())}}
    async with await remote.astream_events(HELLO, config, version="v3") as run:
        async with asyncio.timeout(20):
            tasks = [task["name"] async for task in run.extensions["tasks"]]
            output = await run.output()
    assert "model" in tasks
    assert output["messages"][-1]["content"][0]["text"].strip() == "I heard sun over Oslo"
