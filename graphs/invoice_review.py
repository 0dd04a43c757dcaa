"""The reference agent: reviews a supplier's invoice, then pays it or flags it for a person.

INVOICE_REVIEW_MODEL              the model, as provider:name (default openai:gpt-5-mini)
INVOICE_REVIEW_PAYMENTS           where payments are recorded (default .holdfast/payments.jsonl)
INVOICE_REVIEW_SCREENING_SECONDS  how long a supplier's screening takes (default 1.0)
"""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, TypedDict

from invoices.books import Books, Invoice, PurchaseOrder, open_books
from invoices.journal import Journal
from pydantic import Field, JsonValue

from holdfast_graphs import supervised_agent
from holdfast_tools import Approval, Budget, Policy, current_call, tool

InvoiceId = Annotated[str, Field(pattern=r"^INV-\d{4}$", description="Our invoice id, for example INV-0042")]
SupplierId = Annotated[str, Field(pattern=r"^SUP-\d{3}$", description="For example SUP-007")]
PoNumber = Annotated[
    str, Field(pattern=r"^PO-\d{5}$", description="Without stray spaces, upper case: PO-10042")
]
Amount = Annotated[float, Field(gt=0, description="In the currency's main unit, for example 1240.50")]
Currency = Literal["USD", "EUR", "GBP", "JPY"]

# What a clerk may pay alone; the yen has no cents, so its limit has two zeros more.
CLERK_LIMIT = {"USD": 500, "EUR": 500, "GBP": 500, "JPY": 50_000}

INSTRUCTIONS = """\
You review supplier invoices for the accounts payable team, one at a time.

1. Look the invoice up with find_invoice.
2. Then, in parallel: look up its purchase order (tidy the number first: PO-12345, no spaces, upper case),
   look for similar invoices, and screen the supplier.
3. Pay only if all of this holds:
   - the purchase order exists and belongs to the same supplier;
   - the amounts agree (up to 0.05, or 1 yen, is rounding: pay the purchase order's amount);
   - the currencies agree, once spelled as USD, EUR, GBP or JPY (EURO is EUR, US$ is USD);
   - no similar invoice came before this one;
   - the supplier is not blocked;
   - the bank account is the one on file, and that did not change in the 30 days before the invoice;
   - it is not a credit note.
4. Otherwise flag it, with every reason and the numbers behind it. A person reads that; be concrete.

Some payments wait for a person's approval. If it is refused, do not try again and do not flag the invoice:
say that it was refused, and why. If a tool tells you that a call was wrong, correct the call. Never guess ids
or amounts. When you are done, say in one or two sentences what you did and why."""


class SimilarInvoices(TypedDict):
    """What may be the same invoice again, oldest first."""

    invoice_id: str
    similar: list[Invoice]


class Screening(TypedDict):
    """The result of a supplier's screening."""

    supplier_id: str
    name: str
    blocked: bool
    blocked_because: str
    bank_account: str
    bank_changed_on: str


class Receipt(TypedDict):
    """A payment that was made."""

    payment_id: str
    invoice_id: str
    amount: float
    currency: str


class Flag(TypedDict):
    """An invoice that waits for a person."""

    invoice_id: str
    flagged: bool
    reason: str


@tool(effect="read")
async def find_invoice(invoice_id: InvoiceId) -> Invoice:
    """Look one invoice up. Currency and purchase order number are as the supplier wrote them."""
    return (await _books()).invoice(invoice_id)


@tool(effect="read")
async def find_purchase_order(po_number: PoNumber) -> PurchaseOrder:
    """Look one purchase order up: supplier, amount and currency that were agreed."""
    return (await _books()).purchase_order(po_number)


@tool(effect="read")
async def find_similar_invoices(invoice_id: InvoiceId) -> SimilarInvoices:
    """Find possible duplicates: same supplier, and the same reference or the same amount within days."""
    return SimilarInvoices(invoice_id=invoice_id, similar=(await _books()).similar_to(invoice_id))


@tool(effect="read", timeout=timedelta(minutes=2))
async def screen_supplier(supplier_id: SupplierId) -> Screening:
    """Screen a supplier: is it blocked, which bank account is on file, and when did that last change."""
    supplier = (await _books()).supplier(supplier_id)
    # Stands for the slow sanctions and bank registers.
    await asyncio.sleep(float(os.environ.get("INVOICE_REVIEW_SCREENING_SECONDS", "1.0")))
    return Screening(
        supplier_id=supplier_id,
        name=supplier["name"],
        blocked=bool(supplier["blocked_because"]),
        blocked_because=supplier["blocked_because"],
        bank_account=supplier["bank_account"],
        bank_changed_on=supplier["bank_changed_on"],
    )


def exceeds_clerk_limit(arguments: Mapping[str, JsonValue]) -> bool:
    """Whether this payment is more than a clerk may make alone."""
    amount, currency = arguments["amount"], arguments["currency"]
    return not isinstance(amount, int | float) or amount > CLERK_LIMIT[str(currency)]


@tool(
    effect="at_most_once",
    approval=Approval(
        when=exceeds_clerk_limit,
        roles=("finance",),
        reason="Payments above 500 (50,000 yen) need finance",
        expires=timedelta(hours=8),
    ),
)
async def pay_invoice(invoice_id: InvoiceId, amount: Amount, currency: Currency) -> Receipt:
    """Pay an invoice. Money leaves the account; above 500 (50,000 yen) a person in finance approves first."""
    (await _books()).invoice(invoice_id)
    entry = _signed({"invoice_id": invoice_id, "amount": amount, "currency": currency})
    await asyncio.to_thread(_journal("payments").append, entry)
    return Receipt(payment_id=str(entry["id"]), invoice_id=invoice_id, amount=amount, currency=currency)


@tool(effect="idempotent")
async def flag_invoice(
    invoice_id: InvoiceId,
    reason: Annotated[str, Field(min_length=10, description="Every reason, with the numbers behind it")],
) -> Flag:
    """Flag an invoice for a person instead of paying it."""
    (await _books()).invoice(invoice_id)
    entry = _signed({"invoice_id": invoice_id, "reason": reason})
    await asyncio.to_thread(_journal("flags").append_once, entry)
    return Flag(invoice_id=invoice_id, flagged=True, reason=reason)


async def _books() -> Books:
    return await asyncio.to_thread(open_books)


def _journal(kind: Literal["payments", "flags"]) -> Journal:
    payments = Path(os.environ.get("INVOICE_REVIEW_PAYMENTS", ".holdfast/payments.jsonl"))
    return Journal(payments if kind == "payments" else payments.with_name("flags.jsonl"))


def _signed(entry: Mapping[str, object]) -> dict[str, object]:
    """The entry with what an auditor asks for: which call it was, when, and in which process."""
    key = current_call().idempotency_key
    made_by = {"idempotency_key": key, "at": datetime.now(UTC).isoformat(), "pid": os.getpid()}
    return {"id": sha256(key.encode()).hexdigest()[:12], **entry, **made_by}


TOOLS = [find_invoice, find_purchase_order, find_similar_invoices, screen_supplier, pay_invoice, flag_invoice]

graph = supervised_agent(
    name="invoice_review",
    model=os.environ.get("INVOICE_REVIEW_MODEL", "openai:gpt-5-mini"),
    instructions=INSTRUCTIONS,
    tools=TOOLS,
    policy=Policy(budget=Budget(tokens=100_000, cost_usd=0.50, steps=20, seconds=600)),
)
