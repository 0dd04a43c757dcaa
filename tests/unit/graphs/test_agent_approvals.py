"""Approvals: who waits, who does not, and what each answer leads to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.messages.tool import ToolCall, tool_call
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from holdfast_graphs import supervised_agent
from holdfast_tools import Approval, tool

Scripted = Callable[..., BaseChatModel]
Requests = list[list[BaseMessage]]

HELLO: Any = {"messages": [("user", "pay my bills")]}
THREAD: Any = {"configurable": {"thread_id": "t1", "__pregel_strict_resume": True}}


@pytest.fixture
def paid() -> list[float]:
    """The amounts that were really paid, in order."""
    return []


@pytest.fixture
def agent(paid: list[float], scripted: Scripted) -> Callable[..., Any]:
    rule = Approval(
        when=lambda args: args["amount"] > 500,  # type: ignore[operator]
        roles=("finance",),
        reason="a large payment",
        expires=timedelta(hours=1),
    )

    @tool(effect="at_most_once", approval=rule)
    async def pay(amount: float) -> str:
        """Pay a bill."""
        paid.append(amount)
        return f"paid {amount:g}"

    def make(*script: AIMessage) -> Any:
        return supervised_agent(
            name="payer",
            model=scripted(*script),
            instructions="",
            tools=[pay],
            checkpointer=InMemorySaver(),
        )

    return make


INBOX_KEYS = ("action_requests", "review_configs", "action_request", "config")


def pays(amount: Any, id: str = "c1") -> ToolCall:
    return tool_call(name="pay", args={"amount": amount}, id=id)


def asks(*calls: ToolCall) -> AIMessage:
    return AIMessage("", tool_calls=list(calls), id="ai1")


def tool_messages(state: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {m.tool_call_id: (m.status, m.content) for m in state["messages"] if m.type == "tool"}


async def test_the_question_carries_the_call_and_the_answers_it_takes(agent: Callable[..., Any]) -> None:
    state = await agent(asks(pays(900))).ainvoke(HELLO, THREAD)
    (question,) = state["__interrupt__"]
    own = {k: v for k, v in question.value.items() if k not in INBOX_KEYS}
    assert own == {
        "type": "tool_approval",
        "tool_call_id": "c1",
        "name": "pay",
        "args": {"amount": 900},
        "description": "a large payment",
        "allowed_decisions": ["approve", "edit", "reject", "respond"],
        "roles": ["finance"],
        "expires_seconds": 3600.0,
    }
    assert len(question.response_schema["anyOf"]) == 4


async def test_agent_chat_ui_and_agent_inbox_know_the_question(agent: Callable[..., Any]) -> None:
    state = await agent(asks(pays(900))).ainvoke(HELLO, THREAD)
    (question,) = state["__interrupt__"]
    assert {k: question.value[k] for k in INBOX_KEYS} == {
        "action_requests": [{"name": "pay", "args": {"amount": 900}, "description": "a large payment"}],
        "review_configs": [
            {"action_name": "pay", "allowed_decisions": ["approve", "edit", "reject", "respond"]}
        ],
        "action_request": {"action": "pay", "args": {"amount": 900}},
        "config": {
            "allow_accept": True,
            "allow_edit": True,
            "allow_respond": True,
            "allow_ignore": True,
        },
    }


async def test_the_allowed_neighbour_runs_exactly_once_across_the_resume(
    agent: Callable[..., Any], paid: list[float], requests: Requests
) -> None:
    graph = agent(asks(pays(10, "c1"), pays(900, "c2")), AIMessage("all paid"))
    await graph.ainvoke(HELLO, THREAD)
    assert paid == [10]
    state = await graph.ainvoke(Command(resume={"type": "approve", "by": "ann"}), THREAD)
    assert paid == [10, 900]
    assert tool_messages(state) == {"c1": ("success", "paid 10"), "c2": ("success", "paid 900")}
    assert (state["decisions"]["c2"]["verdict"], state["decisions"]["c2"]["by"]) == ("approve", "ann")
    assert len(requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"type": "approve"},
        {"decisions": [{"type": "approve"}]},
        [{"type": "accept", "args": None}],
        True,
        "approve",
    ],
)
async def test_every_shape_of_a_yes_runs_the_call(
    answer: object, agent: Callable[..., Any], paid: list[float]
) -> None:
    graph = agent(asks(pays(900)), AIMessage("paid"))
    await graph.ainvoke(HELLO, THREAD)
    await graph.ainvoke(Command(resume=answer), THREAD)
    assert paid == [900]


async def test_a_rejected_call_does_not_run_and_the_model_learns_why(
    agent: Callable[..., Any], paid: list[float]
) -> None:
    graph = agent(asks(pays(900)), AIMessage("a pity"))
    await graph.ainvoke(HELLO, THREAD)
    state = await graph.ainvoke(Command(resume={"type": "reject", "message": "wrong supplier"}), THREAD)
    status, text = tool_messages(state)["c1"]
    assert (paid, status) == ([], "error")
    assert "wrong supplier" in text


async def test_a_response_takes_the_place_of_the_result(agent: Callable[..., Any], paid: list[float]) -> None:
    graph = agent(asks(pays(900)), AIMessage("good"))
    await graph.ainvoke(HELLO, THREAD)
    state = await graph.ainvoke(Command(resume={"type": "respond", "message": "paid by hand"}), THREAD)
    assert (paid, tool_messages(state)) == ([], {"c1": ("success", "paid by hand")})


async def test_two_edits_of_one_message_both_arrive_and_the_model_sees_them(
    agent: Callable[..., Any], paid: list[float], requests: Requests
) -> None:
    graph = agent(asks(pays(900, "c1"), pays(800, "c2")), AIMessage("done"))
    state = await graph.ainvoke(HELLO, THREAD)
    answers = {
        question.id: {"type": "edit", "args": {"amount": question.value["args"]["amount"] + 1}}
        for question in state["__interrupt__"]
    }
    state = await graph.ainvoke(Command(resume=answers), THREAD)
    assert sorted(paid) == [801, 901]
    (message,) = [m for m in requests[1] if isinstance(m, AIMessage)]
    assert [call["args"]["amount"] for call in message.tool_calls] == [901, 801]
    assert [m.type for m in state["messages"]] == ["human", "ai", "tool", "tool", "ai"]


async def test_an_edit_that_breaks_the_schema_goes_back_to_the_model(
    agent: Callable[..., Any], paid: list[float]
) -> None:
    graph = agent(asks(pays(900)), AIMessage("sorry"))
    await graph.ainvoke(HELLO, THREAD)
    state = await graph.ainvoke(Command(resume={"type": "edit", "args": {"amount": "lots"}}), THREAD)
    status, text = tool_messages(state)["c1"]
    assert (paid, status) == ([], "error")
    assert "'lots' is not of type 'number'" in text


async def test_an_answer_nobody_can_read_is_asked_again_with_the_reason(
    agent: Callable[..., Any], paid: list[float]
) -> None:
    graph = agent(asks(pays(900)), AIMessage("paid"))
    await graph.ainvoke(HELLO, THREAD)
    for unreadable in ({"kind": "yes"}, "maybe"):
        (question,) = (await graph.ainvoke(Command(resume=unreadable), THREAD))["__interrupt__"]
        assert "Your last answer was not understood" in question.value["description"]
    await graph.ainvoke(Command(resume={question.id: {"type": "approve"}}), THREAD)
    assert paid == [900]


async def test_an_approval_counts_once_even_for_the_same_call_again(
    agent: Callable[..., Any], paid: list[float]
) -> None:
    graph = agent(asks(pays(900)), AIMessage("paid"), AIMessage("paid again"))
    await graph.ainvoke(HELLO, THREAD)
    await graph.ainvoke(Command(resume=True), THREAD)
    replayed = await graph.ainvoke({"messages": [AIMessage("", tool_calls=[pays(900)], id="ai9")]}, THREAD)
    assert replayed["__interrupt__"][0].value["args"] == {"amount": 900}
    assert paid == [900]


async def test_an_approval_does_not_carry_over_to_other_arguments(
    agent: Callable[..., Any], paid: list[float]
) -> None:
    graph = agent(asks(pays(900, "c1")), asks(pays(901, "c1")).model_copy(update={"id": "ai2"}))
    await graph.ainvoke(HELLO, THREAD)
    state = await graph.ainvoke(Command(resume=True), THREAD)
    assert paid == [900]
    assert state["__interrupt__"][0].value["args"] == {"amount": 901}


async def test_a_new_message_instead_of_an_answer_drops_the_question(
    agent: Callable[..., Any], paid: list[float]
) -> None:
    graph = agent(asks(pays(900)), AIMessage("as you wish"))
    await graph.ainvoke(HELLO, THREAD)
    state = await graph.ainvoke({"messages": [HumanMessage("leave it")]}, THREAD)
    assert (paid, state["messages"][-1].content) == ([], "as you wish")
