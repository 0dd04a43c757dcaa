"""Answers: every shape a client sends says the same, and no shape breaks the reader."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_graphs.answer import (
    Answer,
    Approve,
    Edit,
    Reject,
    Respond,
    Unreadable,
    read_answer,
    read_resolution,
)
from holdfast_tools.outcome import GiveUp, MarkDone, Retry

ARGS: dict[str, Any] = {"amount": 5}


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        (True, Approve()),
        ("approve", Approve()),
        ({"type": "approve", "by": "ann"}, Approve("ann")),
        ({"decisions": [{"type": "approve"}]}, Approve()),
        ({"decisions": [{"type": "approve"}], "by": "ann"}, Approve("ann")),
        ([{"type": "accept", "args": None}], Approve()),
        (False, Reject()),
        ("reject", Reject()),
        ({"type": "reject", "message": "too much"}, Reject(reason="too much")),
        ({"decisions": [{"type": "reject", "message": "too much"}]}, Reject(reason="too much")),
        ([{"type": "ignore", "args": None}], Reject()),
        ({"type": "respond", "message": "paid by hand"}, Respond("paid by hand")),
        ([{"type": "response", "args": "paid by hand"}], Respond("paid by hand")),
        ({"type": "edit", "args": ARGS}, Edit(ARGS)),
        ({"type": "edit", "edited_action": {"name": "pay", "args": ARGS}}, Edit(ARGS)),
        ({"decisions": [{"type": "edit", "edited_action": {"name": "pay", "args": ARGS}}]}, Edit(ARGS)),
        ([{"type": "edit", "args": {"action": "pay", "args": ARGS}}], Edit(ARGS)),
    ],
)
def test_every_shape_is_understood(raw: object, answer: Answer) -> None:
    assert read_answer(raw, tool="pay") == answer


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (None, "None is no answer"),
        ("maybe", "'maybe' is no answer"),
        ({"decisions": []}, "no answer"),
        ({"decisions": [{"type": "approve"}, {"type": "reject"}]}, "no answer"),
        ([[[[True]]]], "no answer"),
        ({"type": "respond"}, "needs its text"),
        ({"type": "edit"}, "needs its arguments"),
        ({"type": "edit", "edited_action": {"name": "pay"}}, "needs its arguments"),
        ({"type": "edit", "edited_action": {"name": "refund", "args": {}}}, "cannot turn pay into refund"),
        ([{"type": "edit", "args": {"action": "refund", "args": {}}}], "cannot turn pay into refund"),
        ({"type": "edit", "args": {"amount": float("nan")}}, "nan is not a JSON number"),
    ],
)
def test_an_answer_nobody_can_read_says_what_to_send(raw: object, says: str) -> None:
    answer = read_answer(raw, tool="pay")
    assert isinstance(answer, Unreadable)
    assert says in answer.reason


@pytest.mark.parametrize(
    ("raw", "answer"),
    [
        ("retry", Retry()),
        ({"type": "retry"}, Retry()),
        ({"type": "done", "result": "receipt 7"}, MarkDone("receipt 7")),
        ({"decisions": [{"type": "fail", "message": "the bank is closed"}]}, GiveUp("the bank is closed")),
        ([{"type": "response", "args": "Retry"}], Retry()),
    ],
)
def test_every_shape_of_a_resolution_is_understood(raw: object, answer: object) -> None:
    assert read_resolution(raw) == answer


def test_an_approval_says_nothing_about_an_unknown_outcome() -> None:
    assert isinstance(read_resolution(True), Unreadable)
    assert isinstance(read_resolution({"type": "approve"}), Unreadable)


FIELDS = ("type", "args", "action", "name", "decisions", "edited_action", "message", "by")
VERBS = ("approve", "accept", "edit", "reject", "ignore", "respond", "response", "retry", "done", "fail")
WORDS = st.sampled_from((*FIELDS, *VERBS, "pay"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_no_answer_breaks_the_reader_and_only_an_edit_has_arguments(raw: object) -> None:
    answer = read_answer(raw, tool="pay")
    if isinstance(answer, Unreadable):
        answer.reason.encode("utf-8")
    read_resolution(raw)


DECISIONS = st.one_of(
    st.fixed_dictionaries({"type": st.just("approve")}, optional={"by": st.text(max_size=3)}),
    st.fixed_dictionaries({"type": st.sampled_from(["reject", "respond"]), "message": st.text(max_size=3)}),
    st.fixed_dictionaries(
        {
            "type": st.just("edit"),
            "edited_action": st.fixed_dictionaries(
                {"name": st.just("pay"), "args": st.dictionaries(st.text(max_size=3), st.integers())}
            ),
        }
    ),
)


@given(DECISIONS)
def test_wrapping_a_decision_changes_nothing(decision: dict[str, Any]) -> None:
    plain = read_answer(decision, tool="pay")
    assert read_answer({"decisions": [decision]}, tool="pay") == plain
    assert read_answer([decision], tool="pay") == plain
