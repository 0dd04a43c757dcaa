"""What a graph is called with, on every attempt and for every kind of resume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict
from uuid import UUID

import pytest
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Send

from holdfast_server.runs.invocation import (
    Head,
    context_for,
    graph_input,
    resume_answers,
    run_config,
    without_checkpoint,
)
from holdfast_server.runs.run import ClaimedRun

ONE, TWO = "1" * 32, "2" * 32
OTHER = "00000000-0000-0000-0000-0000000000ff"


def run(attempts: int = 1, **kwargs: Any) -> ClaimedRun:
    return ClaimedRun(
        tenant="default", run_id=UUID(int=1), thread_id=UUID(int=2), assistant_id=UUID(int=3), graph_id="g",
        epoch=attempts, attempts=attempts, kwargs=kwargs, metadata={"mine": 1}, answers=None,
        cancel_action=None,
    )  # fmt: skip


MINE = str(UUID(int=1))
EMPTY = Head(None, ())


def asked(*questions: str, by: str = OTHER) -> Head:
    return Head(by, questions)


def resumed(head: Head, resume: Any, attempts: int = 1) -> Any:
    """The input of a run that resumes; the answers are what its first attempt tied them to."""
    this = run(attempts, command={"resume": resume})
    return graph_input(this, head, resume_answers(this, head))


def test_a_first_attempt_starts_with_the_input() -> None:
    assert graph_input(run(input={"x": 1}), EMPTY, None) == {"x": 1}
    assert graph_input(run(input=None), asked(), None) is None


def test_a_later_attempt_that_had_stored_nothing_starts_with_the_input_again() -> None:
    assert graph_input(run(2, input={"x": 1}), Head(OTHER, ()), None) == {"x": 1}


def test_a_later_attempt_goes_on_from_its_own_checkpoint() -> None:
    assert graph_input(run(2, input={"x": 1}), Head(MINE, ()), None) is None


def test_a_bare_answer_is_tied_to_the_one_question() -> None:
    assert resumed(asked(ONE), "yes") == Command(resume={ONE: "yes"})


def test_a_bare_answer_to_several_questions_is_left_to_langgraph() -> None:
    assert resumed(asked(ONE, TWO), "yes") == Command(resume="yes")
    assert resumed(asked(), "yes") == Command(resume="yes")


def test_answers_by_id_stay_as_they_are() -> None:
    assert resumed(asked(ONE, TWO), {ONE: "a", TWO: "b"}) == Command(resume={ONE: "a", TWO: "b"})
    assert resumed(asked(ONE, TWO), {TWO: "b"}) == Command(resume={TWO: "b"})


def test_an_object_that_only_looks_like_a_map_is_an_answer() -> None:
    assert resumed(asked(ONE), {"type": "approve"}) == Command(resume={ONE: {"type": "approve"}})
    assert resumed(asked(ONE), {}) == Command(resume={ONE: {}})
    assert resumed(asked(ONE), {ONE.upper() + "x": 1}) == Command(resume={ONE: {ONE.upper() + "x": 1}})


def test_after_a_crash_an_answer_that_arrived_is_not_given_to_the_next_question() -> None:
    this = run(2, command={"resume": "yes"})
    assert graph_input(this, asked(TWO, by=MINE), {ONE: "yes"}) is None
    assert graph_input(this, asked(TWO, by=OTHER), {ONE: "yes"}) is None


def test_after_a_crash_an_answer_that_is_still_asked_for_is_given_again() -> None:
    this = run(2, command={"resume": "yes"})
    assert graph_input(this, asked(ONE, by=MINE), {ONE: "yes"}) == Command(resume={ONE: "yes"})
    assert graph_input(this, asked(ONE, by=OTHER), {ONE: "yes"}) == Command(resume={ONE: "yes"})


def test_after_a_crash_between_two_answers_only_the_open_one_is_given() -> None:
    this = run(2, command={"resume": {ONE: "a", TWO: "b"}})
    assert graph_input(this, asked(TWO, by=MINE), {ONE: "a", TWO: "b"}) == Command(resume={TWO: "b"})


def test_updates_and_jumps_become_a_command() -> None:
    goto = ["a", {"node": "b", "input": {"y": 1}}, {"node": "c"}]
    made = graph_input(run(command={"update": {"x": 1}, "goto": goto}), EMPTY, None)
    assert made == Command(update={"x": 1}, goto=["a", Send("b", {"y": 1}), Send("c", None)])
    assert graph_input(run(command={"goto": "a"}), EMPTY, None) == Command(goto="a")


def test_an_empty_command_goes_on_without_input() -> None:
    assert graph_input(run(command={"goto": []}), EMPTY, None) is None


def test_the_config_says_who_runs_and_clients_cannot_forge_it() -> None:
    forged = {"thread_id": "x", "run_id": "x", "__pregel_strict_resume": False, "__pregel_read": 1, "mine": 1}
    config = run_config(run(config={"configurable": forged, "tags": ["t"]}), recursion_limit=7)
    configurable = config["configurable"]
    assert (configurable["thread_id"], configurable["run_id"]) == (str(UUID(int=2)), MINE)
    assert (configurable["mine"], configurable["__pregel_strict_resume"]) == (1, True)
    assert "__pregel_read" not in configurable
    assert (config["tags"], config["recursion_limit"], config["run_id"]) == (["t"], 7, UUID(int=1))
    assert config["metadata"]["run_id"] == MINE


def test_the_limit_of_the_request_wins() -> None:
    assert run_config(run(config={"recursion_limit": 3}), recursion_limit=7)["recursion_limit"] == 3
    assert "recursion_limit" not in run_config(run(), recursion_limit=None)


def test_a_checkpoint_is_reached_and_left() -> None:
    point = {"thread_id": "forged", "checkpoint_ns": None, "checkpoint_map": {"": "a"}}
    config = run_config(run(checkpoint=point, checkpoint_id="b"), recursion_limit=None)
    assert config["configurable"]["checkpoint_id"] == "b"
    assert config["configurable"]["checkpoint_map"] == {"": "a"}
    assert config["configurable"]["thread_id"] == str(UUID(int=2))
    assert not {"checkpoint_id", "checkpoint_map"} & without_checkpoint(config)["configurable"].keys()


@dataclass
class Wishes:
    """A context with a default."""

    size: int = 1


@dataclass
class Needs:
    """A context that somebody has to send."""

    size: int


class Loose(TypedDict, total=False):
    """A context that is a dict."""

    size: int


@pytest.mark.parametrize(
    ("schema", "given", "found"),
    [
        (None, None, None),
        (Wishes, None, {}),
        (Loose, None, {}),
        (Needs, None, None),
        (Wishes, {"size": 2}, {"size": 2}),
    ],
)
def test_a_context_that_can_be_made_of_nothing_is_made(schema: Any, given: Any, found: Any) -> None:
    story = StateGraph(Loose, context_schema=schema)
    story.add_node("one", lambda state: {"size": 1})
    story.add_edge(START, "one")
    assert context_for(story.compile(), given) == found
