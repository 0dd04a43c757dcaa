"""Suppliers, orders and invoices before anything goes wrong with them.

Amounts are whole numbers of the smallest unit (cents, yen) until they are written, so no float ever rounds.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from invoices.companies import COMPANIES, GOODS

FIRST_DAY = date(2026, 1, 5)
CURRENCY_OF_COUNTRY = {"US": "USD", "GB": "GBP", "JP": "JPY"}
BLOCKED = {
    7: "on the sanctions list since 2025-11",
    22: "insolvency proceedings opened",
    33: "VAT number invalid",
}
BANK_CHANGED = {11: date(2026, 3, 2), 29: date(2026, 4, 14)}


@dataclass(frozen=True)
class Supplier:
    supplier_id: str
    name: str
    country: str
    currency: str
    bank_account: str
    bank_changed_on: date | None
    blocked_because: str


@dataclass(frozen=True)
class Order:
    po_number: str
    supplier_id: str
    ordered_on: date
    amount: int
    currency: str
    description: str


@dataclass(frozen=True)
class Draft:
    """An invoice that has no number yet."""

    supplier: Supplier
    reference: str
    po_number: str
    issued_on: date
    amount: int
    currency: str
    bank_account: str
    description: str


def make_supplier(dice: random.Random, number: int) -> Supplier:
    name, country = COMPANIES[number - 1]
    return Supplier(
        supplier_id=f"SUP-{number:03d}",
        name=name,
        country=country,
        currency=CURRENCY_OF_COUNTRY.get(country, "EUR"),
        bank_account=make_bank_account(dice, country),
        bank_changed_on=BANK_CHANGED.get(number),
        blocked_because=BLOCKED.get(number, ""),
    )


def make_order(dice: random.Random, supplier: Supplier, index: int) -> Order:
    small, large = (4_000, 50_000), (50_000, 900_000)
    return Order(
        po_number=f"PO-{10_001 + index}",
        supplier_id=supplier.supplier_id,
        ordered_on=FIRST_DAY + timedelta(days=index // 2),
        amount=dice.randrange(*(small if dice.random() < 0.6 else large)),
        currency=supplier.currency,
        description=f"{dice.randrange(1, 40)} x {dice.choice(GOODS)}",
    )


def make_draft(dice: random.Random, supplier: Supplier, order: Order) -> Draft:
    return Draft(
        supplier=supplier,
        reference=f"{dice.choice(('R', 'RE', 'F', 'INV'))}-2026/{dice.randrange(100, 9_999)}",
        po_number=order.po_number,
        issued_on=order.ordered_on + timedelta(days=dice.randrange(2, 25)),
        amount=order.amount,
        currency=order.currency,
        bank_account=supplier.bank_account,
        description=order.description,
    )


def make_bank_account(dice: random.Random, country: str) -> str:
    return f"{country}{dice.randrange(10, 99)}{dice.randrange(10**15, 10**16)}"
