"""The whole agent: the real graph, the real OpenAI client, and the rehearsal endpoint over a real socket."""

from collections.abc import Callable, Iterator
from typing import Any

import invoice_review as agent
import pytest
from invoice_review_script import play
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command
from pydantic import SecretStr

from holdfast_graphs import supervised_agent
from holdfast_server.rehearsal import rehearsing
from holdfast_tools import Budget, Policy

Recorded = Callable[[str], list[dict[str, Any]]]

# langchain-openai keeps one async HTTP client per base URL, bound to the loop that used it first.
ONE_LOOP = pytest.mark.asyncio(loop_scope="module")


class Desk:
    """One thread of the agent."""

    def __init__(self, base_url: str) -> None:
        model = ChatOpenAI(model="gpt-5-mini", base_url=base_url, api_key=SecretStr("rehearsal"))
        self.graph = supervised_agent(
            name="invoice_review",
            model=model,
            instructions=agent.INSTRUCTIONS,
            tools=agent.TOOLS,
            policy=Policy(budget=Budget(steps=20)),
            checkpointer=InMemorySaver(),
        )

    async def run(self, request: Any) -> dict[str, Any]:
        state: dict[str, Any] = await self.graph.ainvoke(request, {"configurable": {"thread_id": "desk"}})
        return state

    async def review(self, invoice_id: str) -> dict[str, Any]:
        return await self.run({"messages": [("user", f"Review invoice {invoice_id}")]})


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with rehearsing(play) as url:
        yield url


@pytest.fixture
def desk(base_url: str) -> Desk:
    return Desk(base_url)


@ONE_LOOP
async def test_a_small_clean_invoice_is_paid_without_asking(desk: Desk, recorded: Recorded) -> None:
    end = await desk.review("INV-0015")
    assert "__interrupt__" not in end
    assert end["messages"][-1].text.startswith("Paid 309.34 EUR for INV-0015")
    (payment,) = recorded("payments")
    assert payment["amount"] == 309.34
    assert len(payment["idempotency_key"]) == 64


@ONE_LOOP
async def test_a_large_invoice_waits_for_finance_and_is_paid_once(desk: Desk, recorded: Recorded) -> None:
    waiting = await desk.review("INV-0001")
    (question,) = waiting["__interrupt__"]
    assert question.value["name"] == "pay_invoice"
    assert question.value["args"] == {"invoice_id": "INV-0001", "amount": 8462.93, "currency": "USD"}
    assert question.value["roles"] == ["finance"]
    assert recorded("payments") == []

    end = await desk.run(Command(resume={question.id: {"type": "approve"}}))
    assert end["messages"][-1].text.startswith("Paid 8,462.93 USD")
    assert len(recorded("payments")) == 1


@ONE_LOOP
async def test_a_rejected_payment_is_reported_and_not_made(desk: Desk, recorded: Recorded) -> None:
    (question,) = (await desk.review("INV-0039"))["__interrupt__"]
    end = await desk.run(Command(resume={question.id: {"type": "reject", "message": "not this month"}}))
    assert "not this month" in end["messages"][-1].text
    assert recorded("payments") == recorded("flags") == []


@ONE_LOOP
async def test_a_slip_of_the_model_comes_back_as_an_error_it_corrects(desk: Desk, recorded: Recorded) -> None:
    end = await desk.review("INV-0007")
    errors = [message.text for message in end["messages"] if getattr(message, "status", "") == "error"]
    assert len(errors) == 1
    assert "'328.79 USD' is not of type 'number'" in errors[0]
    assert len(recorded("payments")) == 1
