"""Parts of a LangGraph stream become the events that the client asked for."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk
from langgraph.types import Interrupt

from holdfast_server.runs.stream import Translator

ASKED = {"__interrupt__": (Interrupt(value="ok?", id="i"),)}


def shown(
    translator: Translator, mode: str, chunk: Any, namespace: tuple[str, ...] = ()
) -> list[tuple[str, Any]]:
    return [(event.name, json.loads(event.data)) for event in translator.events((namespace, mode, chunk))]


def test_only_what_was_asked_for_is_shown_but_all_is_remembered() -> None:
    translator = Translator(("custom",))
    assert shown(translator, "values", {"x": 1}) == []
    assert shown(translator, "updates", {"n": {"x": 1}}) == []
    assert shown(translator, "custom", 5) == [("custom", 5)]
    assert (translator.values, json.loads(translator.values_text)) == ({"x": 1}, {"x": 1})


def test_values_are_written_once_for_event_and_result() -> None:
    translator = Translator(("values",))
    (event,) = translator.events(((), "values", {"x": 1}))
    assert translator.values_text is event.data
    translator.events(((), "values", {"x": 2}))
    assert translator.values_text == '{"x":2}'


def test_a_sub_graph_is_named_and_its_values_are_not_those_of_the_run() -> None:
    translator = Translator(("values",))
    shown(translator, "values", {"x": 1})
    assert shown(translator, "values", {"y": 2}, ("sub:1", "deep:2")) == [("values|sub:1|deep:2", {"y": 2})]
    assert translator.values == {"x": 1}


def test_a_question_is_noticed_in_the_root_only() -> None:
    translator = Translator(("updates",))
    shown(translator, "updates", ASKED, ("sub:1",))
    assert not translator.interrupted
    question = {"value": "ok?", "id": "i", "response_schema": None}
    assert shown(translator, "updates", ASKED) == [("updates", {"__interrupt__": [question]})]
    assert translator.interrupted


def test_a_question_reaches_a_client_that_wants_neither_values_nor_updates() -> None:
    assert [name for name, _ in shown(Translator(("messages-tuple",)), "updates", ASKED)] == ["updates"]
    assert shown(Translator(("values",)), "updates", ASKED) == []


def test_message_tuples_go_out_as_messages() -> None:
    translator = Translator(("messages-tuple",))
    ((name, (message, metadata)),) = shown(
        translator, "messages", (AIMessageChunk(content="hi", id="m"), {"n": 1})
    )
    assert (name, message["type"], metadata) == ("messages", "AIMessageChunk", {"n": 1})


def test_messages_are_accumulated_by_id() -> None:
    translator = Translator(("messages",))
    first = shown(translator, "messages", (AIMessageChunk(content="he", id="m"), {"n": 1}))
    assert first[0] == ("messages/metadata", {"m": {"metadata": {"n": 1}}})
    assert (first[1][0], first[1][1][0]["content"], first[1][1][0]["type"]) == (
        "messages/partial",
        "he",
        "ai",
    )
    ((name, (message,)),) = shown(translator, "messages", (AIMessageChunk(content="llo", id="m"), {"n": 1}))
    assert (name, message["content"]) == ("messages/partial", "hello")
    whole = shown(translator, "messages", (AIMessage("done", id="w"), {}), ("sub:1",))
    assert [name for name, _ in whole] == ["messages/metadata|sub:1", "messages/complete|sub:1"]


def test_a_debug_checkpoint_gains_the_references_that_studio_reads() -> None:
    config = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c", "secret": 1}}
    chunk = {
        "type": "checkpoint",
        "step": 1,
        "payload": {"config": config, "parent_config": None, "values": {}},
    }
    ((_, data),) = shown(Translator(("debug",)), "debug", chunk)
    assert data["payload"]["checkpoint"] == {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}
    assert data["payload"]["parent_checkpoint"] is None
    task = {"type": "task", "payload": {"id": 1}}
    assert shown(Translator(("debug",)), "debug", task) == [("debug", task)]
