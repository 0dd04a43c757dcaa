"""The stream modes `tools` and `lifecycle` of an ordinary run."""

from __future__ import annotations

from typing import Any

import pytest
from api.scene import Client
from api.test_stream_modes import HELLO, parts


@pytest.mark.behaviour("stream.tools")
async def test_tools_tell_when_a_tool_begins_and_ends(client: Client) -> None:
    _, *events = await parts(client, "agent", input=HELLO, stream_mode="tools")
    assert [(name, data["event"]) for name, data in events] == [
        ("tools", "tool-started"),
        ("tools", "tool-finished"),
    ]
    assert events[0][1]["tool_name"] == "weather"
    assert events[1][1]["output"]["content"] == "sun over Oslo"


@pytest.mark.behaviour("stream.lifecycle")
async def test_lifecycle_tells_of_the_root(client: Client) -> None:
    _, *events = await parts(client, "echo", stream_mode="lifecycle")
    assert [(name, data["event"]) for name, data in events] == [
        ("lifecycle", "running"),
        ("lifecycle", "completed"),
    ]


@pytest.mark.behaviour("stream.lifecycle-sub-graphs")
async def test_lifecycle_tells_of_sub_graphs_that_are_streamed(client: Client, thread_id: str) -> None:
    _, *events = await parts(
        client, "sub", thread_id, stream_mode=["lifecycle", "values"], stream_subgraphs=True
    )
    shown: list[Any] = [
        (name.partition(":")[0], data["event"]) for name, data in events if name.startswith("lifecycle")
    ]
    assert shown == [
        ("lifecycle", "running"),
        ("lifecycle|calm", "started"),
        ("lifecycle|calm", "completed"),
        ("lifecycle|asking", "started"),
        ("lifecycle|asking", "interrupted"),
        ("lifecycle", "interrupted"),
    ]
    assert {name.partition("|")[0] for name, _ in events} == {"lifecycle", "values"}


@pytest.mark.behaviour("stream.lifecycle")
async def test_lifecycle_tells_of_a_failure(client: Client) -> None:
    events = await parts(client, "fails", stream_mode=["lifecycle", "events"])
    assert [name for name, _ in events[-2:]] == ["lifecycle", "error"]
    assert events[-2][1]["event"] == "failed"
