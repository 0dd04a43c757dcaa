"""A rehearsal of `invoice_review`: plays a competent reviewer from nothing but the conversation.

    python -m holdfast_server.rehearsal graphs/invoice_review_script.py

As people and models do, it slips now and then: for some invoices it first calls a tool that does not exist,
or writes the amount with its currency. Then it reads the error and corrects itself.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zlib import crc32

from holdfast_server.rehearsal import CallTools, Message, Reply, Request, Say, ToolCall

Json = Mapping[str, object]

SPELLINGS = {"EURO": "EUR", "€": "EUR", "US$": "USD", "$": "USD", "£": "GBP", "YEN": "JPY", "¥": "JPY"}
PAYABLE = ("USD", "EUR", "GBP", "JPY")
BANK_CHANGE_DAYS = 30


def play(request: Request) -> Reply:
    """Look the invoice up, gather the evidence, decide, and report."""
    review = read_review(request.since_last_human())
    if review is None:
        return Say("Which invoice shall I review? Give me its id, for example INV-0042.")
    if (report := review.report()) is not None:
        return Say(report)
    if review.last("find_invoice") is None:
        return _look_up(review)
    invoice = review.data("find_invoice")
    if invoice is None:
        return Say(f"I could not review {review.invoice_id}. {review.error('find_invoice')}")
    if review.last("screen_supplier") is None:
        return _gather_evidence(invoice)
    return _decide(review, invoice)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A tool call of this turn and what came back."""

    call: ToolCall
    result: str

    @property
    def data(self) -> Json | None:
        """The result as a JSON object; None when it is an error."""
        try:
            parsed: object = json.loads(self.result)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None


@dataclass(frozen=True, slots=True)
class Review:
    """How far the review of one invoice has come."""

    invoice_id: str
    exchanges: Sequence[Exchange]

    def last(self, tool: str) -> Exchange | None:
        return next((past for past in reversed(self.exchanges) if past.call.name == tool), None)

    def data(self, tool: str) -> Json | None:
        past = self.last(tool)
        return past.data if past else None

    def error(self, tool: str) -> str:
        past = self.last(tool)
        return past.result if past and past.data is None else ""

    def report(self) -> str | None:
        """What to say when the invoice is settled, by us or by a person; None while it is not."""
        if receipt := self.data("pay_invoice"):
            paid = _money(_number(receipt, "amount"), _text(receipt, "currency"))
            return f"Paid {paid} for {self.invoice_id} ({_text(receipt, 'payment_id')}): everything matches."
        if (payment := self.last("pay_invoice")) and not _was_a_slip(payment.call):
            # Rejected, failed or settled by a person: in no case is it ours to pay again.
            return f"I leave {self.invoice_id} as it is and do not pay it. I was told: {payment.result}"
        if flag := self.data("flag_invoice"):
            return f"Flagged {self.invoice_id} for a person: {_text(flag, 'reason')}"
        if refused := self.error("flag_invoice"):
            return f"I could not flag {self.invoice_id}. {refused}"
        return None

    def slip(self) -> Literal["wrong tool", "wrong amount"] | None:
        """The slip of this invoice; about one in four has one."""
        match crc32(self.invoice_id.encode()) % 8:
            case 0:
                return "wrong tool"
            case 1:
                return "wrong amount"
            case _:
                return None


def read_review(turn: Sequence[Message]) -> Review | None:
    """The review that the user asked for in this turn; None when no invoice was named."""
    named = re.search(r"\bINV-\d+\b", turn[0].text, re.IGNORECASE) if turn else None
    if named is None:
        return None
    results = {message.tool_call_id: message.text for message in turn if message.role == "tool"}
    calls = [call for message in turn for call in message.tool_calls]
    return Review(
        named[0].upper(), [Exchange(call, results[call.id]) for call in calls if call.id in results]
    )


def _look_up(review: Review) -> Reply:
    arguments = {"invoice_id": review.invoice_id}
    if review.slip() == "wrong tool" and review.last("get_invoice") is None:
        return CallTools([ToolCall("get_invoice", arguments)], text=f"Let me get {review.invoice_id}.")
    return CallTools([ToolCall("find_invoice", arguments)], text=f"I look {review.invoice_id} up.")


def _gather_evidence(invoice: Json) -> Reply:
    calls = [
        ToolCall("find_similar_invoices", {"invoice_id": invoice["invoice_id"]}),
        ToolCall("screen_supplier", {"supplier_id": invoice["supplier_id"]}),
    ]
    if number := _po_number(invoice):
        calls.insert(0, ToolCall("find_purchase_order", {"po_number": number}))
    return CallTools(calls, text=f"It is from {invoice['supplier_name']}. Now the evidence.")


def _decide(review: Review, invoice: Json) -> Reply:
    order = review.data("find_purchase_order")
    objections = [
        *_objections_to_invoice(invoice),
        *_objections_to_order(invoice, order, review.error("find_purchase_order")),
        *_objections_to_similar(invoice, review),
        *_objections_to_supplier(invoice, review),
    ]
    if objections or order is None:
        flag = {"invoice_id": review.invoice_id, "reason": "; ".join(objections)}
        return CallTools([ToolCall("flag_invoice", flag)], text="This needs a person.")
    return _pay(review, _number(order, "amount"), _text(order, "currency"))


def _pay(review: Review, amount: float, currency: str) -> Reply:
    payment: dict[str, object] = {"invoice_id": review.invoice_id, "amount": amount, "currency": currency}
    if review.slip() == "wrong amount" and review.last("pay_invoice") is None:
        payment["amount"] = _money(amount, currency)
    return CallTools([ToolCall("pay_invoice", payment)], text="Everything matches.")


def _was_a_slip(call: ToolCall) -> bool:
    return isinstance(call.arguments.get("amount"), str)


def _objections_to_invoice(invoice: Json) -> Iterator[str]:
    amount, currency = _number(invoice, "amount"), _currency(invoice)
    if amount <= 0:
        yield f"it is a credit note over {_money(amount, currency)}"
    if currency not in PAYABLE:
        yield f"its currency {_text(invoice, 'currency')} cannot be paid from here"


def _objections_to_order(invoice: Json, order: Json | None, error: str) -> Iterator[str]:
    if order is None:
        number = _text(invoice, "po_number")
        yield f"purchase order {number!r} was not found ({error})" if number else "it names no purchase order"
        return
    number, currency = _text(order, "po_number"), _currency(invoice)
    if order["supplier_id"] != invoice["supplier_id"]:
        yield f"{number} belongs to supplier {order['supplier_id']}, not to {invoice['supplier_id']}"
    if order["currency"] != currency:
        yield f"it is in {currency}, and {number} is in {order['currency']}"
    invoiced, ordered = _number(invoice, "amount"), _number(order, "amount")
    # Half a cent of slack for the arithmetic of floats.
    if invoiced > 0 and abs(invoiced - ordered) > (1 if currency == "JPY" else 0.05) + 0.005:
        yield f"it asks for {_money(invoiced, currency)}, and {number} is over {_money(ordered, currency)}"


def _objections_to_similar(invoice: Json, review: Review) -> Iterator[str]:
    found = review.data("find_similar_invoices")
    similar = found.get("similar") if found else None
    if not isinstance(similar, list):
        yield f"it could not be checked for duplicates ({review.error('find_similar_invoices')})"
        return
    for other in similar:
        if _order_of_arrival(other) < _order_of_arrival(invoice):
            money = _money(_number(other, "amount"), _currency(other))
            yield (
                f"it looks like a duplicate of {other['invoice_id']} "
                f"({other['supplier_reference']}, {other['issued_on']}, {money})"
            )


def _objections_to_supplier(invoice: Json, review: Review) -> Iterator[str]:
    screening = review.data("screen_supplier")
    if screening is None:
        yield f"its supplier could not be screened ({review.error('screen_supplier')})"
        return
    if screening["blocked"]:
        yield f"supplier {screening['name']} is blocked: {screening['blocked_because']}"
    if screening["bank_account"] != invoice["bank_account"]:
        yield f"it asks for payment to {invoice['bank_account']}, on file is {screening['bank_account']}"
    if changed := _text(screening, "bank_changed_on"):
        days = (date.fromisoformat(_text(invoice, "issued_on")) - date.fromisoformat(changed)).days
        if 0 <= days <= BANK_CHANGE_DAYS:
            yield f"the supplier's bank account changed on {changed}, {days} days before the invoice"


def _order_of_arrival(invoice: Json) -> tuple[str, str]:
    return _text(invoice, "issued_on"), _text(invoice, "invoice_id")


def _po_number(invoice: Json) -> str | None:
    """The purchase order's number as the books have it; suppliers write " po 10042"."""
    digits = re.fullmatch(r"\s*PO[\s-]*(\d+)\s*", _text(invoice, "po_number"), re.IGNORECASE)
    return f"PO-{digits[1]}" if digits else None


def _currency(invoice: Json) -> str:
    spelled = _text(invoice, "currency").strip().upper()
    return SPELLINGS.get(spelled, spelled)


def _money(amount: float, currency: str) -> str:
    return f"{amount:,.0f} {currency}" if currency == "JPY" else f"{amount:,.2f} {currency}"


def _text(record: Json, key: str) -> str:
    return str(record[key])


def _number(record: Json, key: str) -> float:
    value = record[key]
    return float(value) if isinstance(value, int | float) else float("nan")
