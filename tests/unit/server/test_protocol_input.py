"""What MCP and A2A make of a client's words: a graph's input, a tool's schema, a name."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from a2a.compat.v0_3.conversions import to_compat_task, to_core_message
from a2a.compat.v0_3.types import Message as EarlyMessage
from a2a.types import Message, TaskState
from a2a.utils.errors import A2AError
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server import wire
from holdfast_server.api.a2a import told
from holdfast_server.api.a2a.input import answer_of
from holdfast_server.api.a2a.input import input_of as task_input
from holdfast_server.api.a2a.task import TaskId, task_of
from holdfast_server.api.mcp.tools import input_of, input_schema, named

CHAT: dict[str, Any] = {
    "type": "object",
    "properties": {"messages": {"items": {"$ref": "#/$defs/Human"}}, "city": {"$ref": "#/$defs/City"}},
    "$defs": {"Human": {"type": "object"}, "City": {"$ref": "#/$defs/Name"}, "Name": {"type": "string"}},
}
FORM = {"type": "object", "properties": {"x": {}, "y": {}}}


def message(*parts: dict[str, Any]) -> Message:
    """As the package reads it, in 0.3 when a part has a kind."""
    said = {"messageId": "1", "role": "user", "parts": list(parts)}
    if any("kind" in part for part in parts):
        return to_core_message(EarlyMessage.model_validate(said))
    read = Message()
    ParseDict(said | {"role": "ROLE_USER"}, read)
    return read


def test_text_is_said_and_fields_are_filled() -> None:
    said = message({"text": "hi"}, {"data": {"city": "Rome"}}, {"data": {"other": 1}})
    assert task_input(said, CHAT) == {
        "city": "Rome",
        "messages": [{"role": "user", "content": 'hi\n{"other":1}'}],
    }


def test_messages_that_come_as_data_stay_in_front() -> None:
    before = [{"role": "user", "content": "first"}]
    said = task_input(message({"data": {"messages": before}}, {"text": "second"}), CHAT)
    assert said["messages"] == [*before, {"role": "user", "content": "second"}]


def test_both_forms_of_a_file_become_one_block() -> None:
    early = {"kind": "file", "file": {"bytes": "aGk=", "mimeType": "audio/wav", "name": "a.wav"}}
    late = {"raw": "aGk=", "mediaType": "audio/wav", "filename": "a.wav"}
    block = {"type": "audio", "mime_type": "audio/wav", "filename": "a.wav", "base64": "aGk="}
    for part in (early, late):
        assert task_input(message(part), CHAT)["messages"][0]["content"] == [block]


def test_data_parts_of_a_form_are_merged() -> None:
    assert task_input(message({"data": {"x": 1}}, {"text": "as said"}, {"data": {"y": 2}}), FORM) == {
        "x": 1,
        "y": 2,
    }


def test_text_for_a_form_is_refused_with_the_fields() -> None:
    with pytest.raises(A2AError, match=r"\['x', 'y'\]"):
        task_input(message({"text": "hi"}), FORM)


def test_a_graph_that_takes_a_string_takes_text() -> None:
    assert task_input(message({"text": "hi"}), {"type": "string"}) == "hi"
    assert task_input(message({"data": 7}), {"type": "integer"}) == 7


def test_an_answer_is_the_data_or_else_the_text() -> None:
    assert answer_of(message({"text": "well"}, {"data": {"ok": True}})) == {"ok": True}
    assert answer_of(message({"text": "a"}, {"text": "b"})) == "a\nb"
    assert answer_of(message({"data": 1}, {"data": 2})) == [1, 2]
    for nothing in ({"data": None}, {}):
        with pytest.raises(A2AError):
            answer_of(message(nothing))


def test_a_tool_takes_one_string_and_only_the_definitions_it_needs() -> None:
    schema = input_schema(CHAT)
    assert schema["properties"]["messages"]["type"] == "string"
    assert set(schema["$defs"]) == {"City", "Name"}
    assert input_of(CHAT, {"messages": "hi", "city": "Rome"}) == {
        "messages": [{"role": "user", "content": "hi"}],
        "city": "Rome",
    }
    assert input_of({"type": "integer"}, {"input": 7}) == 7
    assert input_schema(None)["properties"] == {"input": {}}


@given(st.lists(st.sampled_from(["a b", "a_b", "a-b", "", "日本", "x" * 90]) | st.text(), max_size=30))
def test_every_tool_has_a_name_of_its_own(names: list[str]) -> None:
    rows = [{"assistant_id": uuid4(), "graph_id": "g", "name": name, "description": None} for name in names]
    tools = named(rows)
    assert [tool.assistant_id for tool in tools] == [str(row["assistant_id"]) for row in rows]
    assert len({tool.name for tool in tools}) == len(tools)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", tool.name) for tool in tools)


def test_numbers_without_a_fraction_stay_integers() -> None:
    [read] = [task_input(message({"data": {"x": [1, 1.5, -0.0, {"n": 10**15}]}}), FORM)]
    assert json.dumps(read) == '{"x": [1, 1.5, 0, {"n": 1000000000000000}]}'


DEEP: Any = json.loads("[" * 150 + "]" * 150)
ODD: list[Any] = [
    None, 7, "text", [], {}, {"messages": 7}, {"messages": [7]}, {"messages": [{"foo": 1}]},
    {"messages": [{"type": "ai", "content": None}]},
    {"messages": [{"type": "ai", "content": [7, {"text": 7}]}]},
    {"deep": DEEP}, {"huge": 10**400}, {"__interrupt__": [{"id": "1", "value": DEEP}]},
    {"__interrupt__": 7}, {"__interrupt__": [7]}, {"__interrupt__": [{"id": None}]},
]  # fmt: skip


@pytest.mark.parametrize("output", ODD)
def test_a_task_can_be_told_whatever_a_graph_puts_out(output: Any) -> None:
    row = {
        "run_id": uuid4(), "state": "success", "updated_at": datetime.now(UTC), "error": None,
        "output": wire.dumps_text(output), "interrupts": None, "thread_status": "idle", "schemas": None,
    }  # fmt: skip
    task = task_of(TaskId(uuid4(), uuid4()), row, is_newest=True)
    assert task.state in ("completed", "canceled")
    said = told.task(task)
    assert TaskState.Name(said.status.state) == f"TASK_STATE_{task.state.upper()}"
    assert to_compat_task(said).status.state.value == task.state
    if output == {"messages": [{"foo": 1}]}:
        assert task.data == output
