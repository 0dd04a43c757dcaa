"""The transcript: whatever happened, a provider accepts the history, and nothing is lost from it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, InvalidToolCall, ToolMessage
from langchain_core.messages.tool import tool_call
from langchain_openai.chat_models.base import _convert_message_to_dict

from holdfast_graphs.calls import call_ids
from holdfast_graphs.transcript import NO_RESULT, transcript


def asks(*ids: str) -> AIMessage:
    return AIMessage("", tool_calls=[tool_call(id=id, name="act", args={}) for id in ids])


def broken(id: str | None, name: str | None = "act") -> AIMessage:
    wrong = InvalidToolCall(type="invalid_tool_call", id=id, name=name, args='{"a": 1,,}', error="no JSON")
    return AIMessage("", invalid_tool_calls=[wrong])


def answers(id: str) -> ToolMessage:
    return ToolMessage("done", tool_call_id=id)


def test_an_orphan_gets_an_error_right_after_its_message() -> None:
    history: list[AnyMessage] = [
        HumanMessage("go"),
        asks("c1", "c2"),
        answers("c1"),
        HumanMessage("and now?"),
    ]
    mended = transcript(history)
    assert [message.type for message in mended] == ["human", "ai", "tool", "tool", "human"]
    orphan = mended[3]
    assert isinstance(orphan, ToolMessage)
    assert (orphan.tool_call_id, orphan.status, orphan.content) == ("c2", "error", NO_RESULT)


def test_an_answer_that_came_late_moves_to_its_call() -> None:
    mended = transcript([asks("c1"), HumanMessage("hurry"), answers("c1")])
    assert [message.type for message in mended] == ["ai", "tool", "human"]


def test_ids_that_are_used_again_belong_to_the_latest_message() -> None:
    history: list[AnyMessage] = [asks("c1"), answers("c1"), asks("c1"), answers("c1")]
    assert transcript(history) == history


def test_a_broken_call_is_sent_as_a_legal_one() -> None:
    first, second = transcript([broken("c1", "no such tool!"), answers("c1")])
    sent = _convert_message_to_dict(first)
    function = sent["tool_calls"][0]["function"]
    assert (sent["tool_calls"][0]["id"], function["name"]) == ("c1", "no_such_tool_")
    assert json.loads(function["arguments"]) == {}
    assert _convert_message_to_dict(second)["tool_call_id"] == "c1"


IDS = st.sampled_from(["c1", "c2", "c3"])
MESSAGES = st.lists(
    st.one_of(
        st.builds(HumanMessage, st.just("hi")),
        st.builds(lambda ids: asks(*ids), st.lists(IDS, max_size=3, unique=True)),
        st.builds(broken, IDS),
        st.builds(answers, IDS),
    ),
    max_size=10,
)


@given(MESSAGES)
def test_every_call_is_answered_at_once_and_no_message_is_dropped(history: list[AnyMessage]) -> None:
    mended = transcript(history)
    for index, message in enumerate(mended):
        if isinstance(message, AIMessage):
            assert set(call_ids(message)) <= set(_answers_after(mended, index))
            assert not message.invalid_tool_calls
    kept = [message for message in mended if getattr(message, "content", "") != NO_RESULT]
    assert sorted(_shape(message) for message in kept) == sorted(_shape(message) for message in history)


def _answers_after(messages: list[AnyMessage], index: int) -> list[str]:
    found: list[str] = []
    for message in messages[index + 1 :]:
        if not isinstance(message, ToolMessage):
            break
        found.append(message.tool_call_id)
    return found


def _shape(message: AnyMessage) -> Any:
    return message.type, getattr(message, "tool_call_id", ""), str(message.content)
