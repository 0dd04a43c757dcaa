"""Messages become the events of the protocol, each naming its message."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage

from holdfast_server.runs.blocks import Blocks

NODE = {"langgraph_node": "n", "run_id": "call-1"}


def told(blocks: Blocks, payload: Any, metadata: Any = NODE) -> list[Any]:
    return [json.loads(text) for text in blocks.of(payload, metadata)]


def test_two_models_that_speak_at_once_are_told_apart() -> None:
    blocks, other = Blocks(), NODE | {"run_id": "call-2"}
    for metadata, name in ((NODE, "a"), (other, "b")):
        (start,) = told(blocks, {"event": "message-start", "role": "ai", "id": name}, metadata)
        assert (start["id"], start["metadata"]) == (name, {"langgraph_node": "n"})
    delta = {"event": "content-block-delta", "index": 0, "delta": {"type": "text-delta", "text": "x"}}
    assert [told(blocks, delta, m)[0]["message_id"] for m in (NODE, other, NODE)] == ["a", "b", "a"]
    assert told(blocks, {"event": "message-finish"})[0]["message_id"] == "a"
    assert told(blocks, delta) == []


def test_a_whole_message_is_told_from_start_to_finish() -> None:
    events = told(Blocks(), AIMessage("hello", id="m"))
    assert [e["event"] for e in events] == [
        "message-start", "content-block-start", "content-block-delta", "content-block-finish",
        "message-finish",
    ]  # fmt: skip
    assert events[3]["content"]["text"] == "hello"
    assert {e.get("message_id", e.get("id")) for e in events} == {"m"}


def test_a_person_is_not_called_a_model() -> None:
    assert told(Blocks(), HumanMessage("hi", id="m"))[0]["role"] == "human"


def test_tools_and_loose_chunks_are_told_elsewhere() -> None:
    blocks = Blocks()
    for payload in (ToolMessage("x", tool_call_id="1"), AIMessageChunk(content="x"), "nonsense", None):
        assert told(blocks, payload) == []
    assert told(blocks, {"event": "message-start", "role": "tool", "id": "t"}) == []
    assert told(blocks, {"event": "message-finish"}) == []
