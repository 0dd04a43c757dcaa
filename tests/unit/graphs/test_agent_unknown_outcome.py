"""Unknown outcomes: a call that was started and never told its end waits for a person, never sent twice."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.messages.tool import tool_call
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from holdfast_graphs import supervised_agent
from holdfast_tools import tool
from holdfast_tools.ledger import Effect, InMemoryLedger, Reservation, use_ledger

Scripted = Callable[..., BaseChatModel]

HELLO: Any = {"messages": [("user", "send it")]}
THREAD: Any = {"configurable": {"thread_id": "t1", "__pregel_strict_resume": True}}


class CrashedLedger(InMemoryLedger):
    """Somebody who died started every effect before us."""

    async def reserve(self, effect: Effect) -> Reservation:
        await super().reserve(effect)
        return await super().reserve(effect)


class LeaseLost(Exception):
    """Stands for the server's."""


class LostLedger(InMemoryLedger):
    async def reserve(self, effect: Effect) -> Reservation:
        raise LeaseLost


def agent(model: BaseChatModel, sent: list[str], *, answers: bool = True) -> Any:
    """An agent that sends one letter; `sent` keeps each start."""

    @tool(effect="at_most_once", approval=False, timeout=timedelta(seconds=5 if answers else 0.005))
    async def send(text: str) -> str:
        """Send a letter."""
        sent.append(text)
        if not answers:
            await asyncio.Event().wait()
        return "sent"

    return supervised_agent(
        name="sender", model=model, instructions="", tools=[send], checkpointer=InMemorySaver()
    )


SENDS = AIMessage("", tool_calls=[tool_call(name="send", args={"text": "hi"}, id="c1")])


def result(state: dict[str, Any]) -> tuple[str, str]:
    (message,) = [m for m in state["messages"] if m.type == "tool"]
    return message.status, message.content


@pytest.mark.parametrize(
    ("answer", "expected", "starts"),
    [
        ({"type": "retry"}, ("success", "sent"), 1),
        ({"type": "done", "result": "it arrived"}, ("success", "it arrived"), 0),
        ({"type": "fail", "message": "the post is on strike"}, ("error", "the post is on strike"), 0),
    ],
)
async def test_a_start_that_somebody_else_left_behind_is_a_question(
    answer: object, expected: tuple[str, str], starts: int, scripted: Scripted
) -> None:
    sent: list[str] = []
    graph = agent(scripted(SENDS, AIMessage("ok")), sent)
    with use_ledger(CrashedLedger()):
        state = await graph.ainvoke(HELLO, THREAD)
        (question,) = state["__interrupt__"]
        assert (question.value["type"], question.value["allowed_decisions"]) == (
            "unknown_outcome",
            ["retry", "done", "fail"],
        )
        assert sent == []
        assert result(await graph.ainvoke(Command(resume=answer), THREAD)) == expected
    assert len(sent) == starts


async def test_each_answer_starts_the_tool_once_however_often_it_hangs(scripted: Scripted) -> None:
    sent: list[str] = []
    graph = agent(scripted(SENDS, AIMessage("ok")), sent, answers=False)
    state = await graph.ainvoke(HELLO, THREAD)
    assert len(sent) == 1
    for starts in (2, 3):
        state = await graph.ainvoke(Command(resume={state["__interrupt__"][0].id: "retry"}), THREAD)
        assert len(sent) == starts
    state = await graph.ainvoke(Command(resume={state["__interrupt__"][0].id: "fail"}), THREAD)
    assert (len(sent), result(state)[0]) == (3, "error")


async def test_an_answer_played_back_after_a_crash_does_not_start_the_tool_again(scripted: Scripted) -> None:
    starts: asyncio.Queue[str] = asyncio.Queue()

    @tool(effect="at_most_once", approval=False)
    async def send(text: str) -> str:
        """Send a letter."""
        starts.put_nowait(text)
        await asyncio.Event().wait()
        return text

    graph = supervised_agent(
        name="sender", model=scripted(SENDS), instructions="", tools=[send], checkpointer=InMemorySaver()
    )
    with use_ledger(CrashedLedger()):
        (question,) = (await graph.ainvoke(HELLO, THREAD))["__interrupt__"]
        retry: Any = Command(resume={question.id: "retry"})
        crashing = asyncio.create_task(graph.ainvoke(retry, THREAD))
        await starts.get()
        crashing.cancel()
        await asyncio.wait([crashing])
        state = await graph.ainvoke(retry, THREAD)
    assert starts.empty()
    assert state["__interrupt__"][0].id != question.id


async def test_an_unreadable_answer_is_asked_again(scripted: Scripted) -> None:
    sent: list[str] = []
    graph = agent(scripted(SENDS, AIMessage("ok")), sent)
    with use_ledger(CrashedLedger()):
        await graph.ainvoke(HELLO, THREAD)
        state = await graph.ainvoke(Command(resume="perhaps"), THREAD)
        assert "was not understood" in state["__interrupt__"][0].value["description"]
        await graph.ainvoke(Command(resume="retry"), THREAD)
    assert len(sent) == 1


async def test_what_the_ledger_raises_stops_the_run(scripted: Scripted) -> None:
    with use_ledger(LostLedger()), pytest.raises(LeaseLost):
        await agent(scripted(SENDS), []).ainvoke(HELLO, THREAD)


async def test_a_tool_may_ask_a_person_itself(scripted: Scripted) -> None:
    @tool(effect="at_most_once", approval=False)
    async def send(text: str) -> str:
        """Send a letter."""
        return f"sent to {interrupt('to whom?')}"

    model = scripted(SENDS, AIMessage("ok"))
    graph = supervised_agent(
        name="sender", model=model, instructions="", tools=[send], checkpointer=InMemorySaver()
    )
    state = await graph.ainvoke(HELLO, THREAD)
    assert state["__interrupt__"][0].value == "to whom?"
    assert result(await graph.ainvoke(Command(resume="Ann"), THREAD)) == ("success", "sent to Ann")
