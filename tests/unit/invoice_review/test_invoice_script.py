"""The rehearsal script plays whole reviews over the real tools, without server, graph or client."""

from collections.abc import Callable
from itertools import count
from typing import Any, assert_never
from uuid import uuid4

import invoice_review as agent
import pytest
from invoice_review_script import play

from holdfast_server.rehearsal import CallTools, Message, Request, Say, ToolCall
from holdfast_tools import Allow, Deny, Gateway, Hold, Policy
from holdfast_tools import ToolCall as GatewayCall
from holdfast_tools.call import CallContext, CallScope, call_context
from holdfast_tools.outcome import Failed, Finished

Recorded = Callable[[str], list[dict[str, Any]]]


class Conversation:
    """A plain loop: the script's turn, the tools' turn, until the script has said its last word."""

    def __init__(self, invoice_id: str, *, person: str = "approve") -> None:
        self.thread_id = str(uuid4())
        self.messages = [Message("system", "…"), Message("user", f"Review invoice {invoice_id}, please.")]
        self.person = person
        self.ids = count()
        self.refusals: list[str] = []
        self.gateway = Gateway(agent.TOOLS, policy=Policy())

    async def run(self) -> str:
        for _ in range(8):
            match play(Request("rehearsal", tuple(self.messages))):
                case Say(text):
                    return text
                case CallTools(calls, text):
                    named = [ToolCall(call.name, call.arguments, f"call_{next(self.ids)}") for call in calls]
                    self.messages.append(Message("assistant", text, tuple(named)))
                    for call in named:
                        self.messages.append(Message("tool", await self.result(call), tool_call_id=call.id))
                case other:
                    raise AssertionError(f"a reviewer does not answer {other!r}")
        raise AssertionError(f"no end after 8 turns: {self.messages[-1]}")

    async def result(self, call: ToolCall) -> str:
        asked = GatewayCall(call.id, call.name, dict(call.arguments))  # type: ignore[arg-type]
        match self.gateway.check(asked):
            case Deny(reason):
                self.refusals.append(reason)
                return reason
            case Hold() if self.person == "reject":
                return "A person rejected this call of pay_invoice: too dear. Do not repeat it."
            case Allow() | Hold():
                return await self.outcome(asked)
            case unreachable:
                assert_never(unreachable)

    async def outcome(self, call: GatewayCall) -> str:
        match await self.gateway.run(call, scope=CallScope(self.thread_id, call.id)):
            case Finished(content):
                return content
            case Failed(reason):
                return reason
            case other:
                raise AssertionError(f"{call.name} ended in {other!r}")

    def calls_of(self, name: str) -> list[ToolCall]:
        return [call for message in self.messages for call in message.tool_calls if call.name == name]


async def test_thirty_reviews_end_with_one_payment_or_one_flag_each(recorded: Recorded) -> None:
    ids = [f"INV-{number:04d}" for number in range(1, 240, 8)]
    reports = [await Conversation(invoice_id).run() for invoice_id in ids]
    settled = [entry["invoice_id"] for entry in recorded("payments") + recorded("flags")]
    assert sorted(settled) == ids
    assert all(report.startswith(("Paid", "Flagged")) for report in reports)
    assert recorded("payments")
    assert recorded("flags")


@pytest.mark.parametrize(
    ("invoice_id", "reason"),
    [
        ("INV-0009", "it asks for 187.26 EUR, and PO-10012 is over 170.24 EUR"),
        ("INV-0013", "it asks for 433.77 GBP, and PO-10030 is over 437.37 GBP"),
        ("INV-0058", "it names no purchase order"),
        ("INV-0003", "purchase order 'PO-10005' was not found"),
        ("INV-0011", "PO-10019 belongs to supplier SUP-018, not to SUP-040"),
        ("INV-0012", "it is in EUR, and PO-10008 is in USD"),
        ("INV-0018", "its currency CHF cannot be paid from here"),
        ("INV-0042", "it is a credit note over -848.98 EUR"),
        ("INV-0035", "it looks like a duplicate of INV-0023"),
        ("INV-0083", "it looks like a duplicate of INV-0066"),
        ("INV-0027", "supplier Northwind Traders LLC is blocked: on the sanctions list since 2025-11"),
        ("INV-0043", "it asks for payment to LT682605888609712555, on file is BE989493185359253564"),
        ("INV-0092", "the supplier's bank account changed on 2026-03-02, 2 days before the invoice"),
    ],
)
async def test_what_is_wrong_is_flagged_with_the_numbers(
    recorded: Recorded, invoice_id: str, reason: str
) -> None:
    await Conversation(invoice_id).run()
    assert reason in recorded("flags")[0]["reason"]
    assert recorded("payments") == []


@pytest.mark.parametrize(
    ("invoice_id", "amount", "currency"),
    [
        ("INV-0015", 309.34, "EUR"),  # nothing is wrong
        ("INV-0002", 510728, "JPY"),  # its order is written po-10003
        ("INV-0019", 266.07, "EUR"),  # its currency is written EURO
        ("INV-0004", 178770, "JPY"),  # its currency is written ¥
        ("INV-0014", 7556.69, "USD"),  # a cent more than ordered
        ("INV-0023", 478.17, "GBP"),  # the original of a duplicate
    ],
)
async def test_what_matches_is_paid_as_ordered(
    recorded: Recorded, invoice_id: str, amount: float, currency: str
) -> None:
    await Conversation(invoice_id).run()
    (payment,) = recorded("payments")
    assert (payment["invoice_id"], payment["amount"], payment["currency"]) == (invoice_id, amount, currency)


async def test_the_evidence_is_gathered_in_parallel() -> None:
    review = Conversation("INV-0015")
    await review.run()
    widths = [len(message.tool_calls) for message in review.messages if message.tool_calls]
    assert widths == [1, 3, 1]


async def test_a_tool_that_does_not_exist_is_tried_once_and_then_corrected(recorded: Recorded) -> None:
    review = Conversation("INV-0008")
    await review.run()
    (refusal,) = review.refusals
    assert refusal.startswith("There is no tool 'get_invoice'.")
    assert len(recorded("payments")) == 1


async def test_an_amount_with_its_currency_is_tried_once_and_then_corrected(recorded: Recorded) -> None:
    review = Conversation("INV-0007")
    await review.run()
    assert [call.arguments["amount"] for call in review.calls_of("pay_invoice")] == ["328.79 USD", 328.79]
    assert len(review.refusals) == 1
    assert len(recorded("payments")) == 1


async def test_a_payment_that_a_person_rejected_is_not_tried_again(recorded: Recorded) -> None:
    review = Conversation("INV-0001", person="reject")
    report = await review.run()
    assert "too dear" in report
    assert len(review.calls_of("pay_invoice")) == 1
    assert recorded("payments") == recorded("flags") == []


async def test_an_invoice_that_does_not_exist_is_reported_with_the_nearest_ids(recorded: Recorded) -> None:
    report = await Conversation("INV-0999").run()
    assert report.startswith("I could not review INV-0999. there is no invoice 'INV-0999'; the nearest are")
    assert recorded("payments") == recorded("flags") == []


async def test_a_second_request_on_the_same_thread_is_a_review_of_its_own(recorded: Recorded) -> None:
    review = Conversation("INV-0015")
    await review.run()
    review.messages.append(Message("assistant", "Paid."))
    review.messages.append(Message("user", "Thanks. And INV-0058?"))
    assert (await review.run()).startswith("Flagged INV-0058")


def test_without_an_invoice_id_the_reviewer_asks_for_one() -> None:
    reply = play(Request("rehearsal", (Message("user", "Hello!"),)))
    assert isinstance(reply, Say)
    assert reply.text.startswith("Which invoice")


@pytest.mark.parametrize(
    ("amount", "currency", "waits"),
    [(500, "EUR", False), (500.01, "EUR", True), (50_000, "JPY", False), (50_001, "JPY", True)],
)
def test_only_payments_above_the_limit_wait_for_finance(amount: float, currency: str, waits: bool) -> None:
    assert agent.exceeds_clerk_limit({"amount": amount, "currency": currency}) is waits


async def test_flagging_twice_under_one_key_records_one_flag(recorded: Recorded) -> None:
    flag = {"invoice_id": "INV-0015", "reason": "I have a bad feeling"}
    with call_context(CallContext("the same key", "call_1")):
        await agent.flag_invoice.ainvoke(flag)
        await agent.flag_invoice.ainvoke(flag)
    assert len(recorded("flags")) == 1
