"""Makes the three CSV files: the same bytes every time, with the mess that real ones have.

Run it with `cd graphs && python -m invoices.generate`.
"""

import csv
import io
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from invoices.companies import COMPANIES
from invoices.drafts import Draft, Order, Supplier, make_draft, make_order, make_supplier
from invoices.mess import RECIPE, WITHOUT_ORDER, clean, duplicates

SEED = 20260105
SPARE_ORDERS = 10  # ordered, but not invoiced yet


def files() -> dict[str, bytes]:
    """File name → content."""
    dice = random.Random(SEED)
    suppliers = [make_supplier(dice, number) for number in range(1, len(COMPANIES) + 1)]
    messes = [mess for mess, count in RECIPE.items() for _ in range(count)]
    dice.shuffle(messes)
    orders = [make_order(dice, dice.choice(suppliers), index) for index in range(len(messes) + SPARE_ORDERS)]
    by_id = {supplier.supplier_id: supplier for supplier in suppliers}
    drafts = [
        mess(dice, make_draft(dice, by_id[order.supplier_id], order))
        for mess, order in zip(messes, orders, strict=False)
    ]
    drafts += duplicates(dice, [draft for mess, draft in zip(messes, drafts, strict=True) if mess is clean])
    lost = {order.po_number for mess, order in zip(messes, orders, strict=False) if mess in WITHOUT_ORDER}
    return {
        "suppliers.csv": _csv(_supplier_row(supplier) for supplier in suppliers),
        "purchase_orders.csv": _csv(_order_row(order) for order in orders if order.po_number not in lost),
        "invoices.csv": _csv(_invoice_rows(dice, drafts)),
    }


def _invoice_rows(dice: random.Random, drafts: list[Draft]) -> Iterator[dict[str, str]]:
    for number, draft in enumerate(
        sorted(drafts, key=lambda draft: (draft.issued_on, draft.reference)), start=1
    ):
        yield {
            "invoice_id": f"INV-{number:04d}",
            "supplier_id": draft.supplier.supplier_id,
            "supplier_name": draft.supplier.name,
            "supplier_reference": draft.reference,
            "po_number": draft.po_number,
            "issued_on": draft.issued_on.strftime("%d.%m.%Y" if dice.random() < 0.3 else "%Y-%m-%d"),
            "amount": _amount(draft.amount, draft.supplier.currency, thousands=dice.random() < 0.2),
            "currency": draft.currency,
            "bank_account": draft.bank_account,
            "description": draft.description,
        }


def _order_row(order: Order) -> dict[str, str]:
    return {
        "po_number": order.po_number,
        "supplier_id": order.supplier_id,
        "ordered_on": order.ordered_on.isoformat(),
        "amount": _amount(order.amount, order.currency),
        "currency": order.currency,
        "description": order.description,
    }


def _supplier_row(supplier: Supplier) -> dict[str, str]:
    return {
        "supplier_id": supplier.supplier_id,
        "name": supplier.name,
        "country": supplier.country,
        "currency": supplier.currency,
        "bank_account": supplier.bank_account,
        "bank_changed_on": supplier.bank_changed_on.isoformat() if supplier.bank_changed_on else "",
        "blocked_because": supplier.blocked_because,
    }


def _amount(smallest_units: int, currency: str, *, thousands: bool = False) -> str:
    separator = "," if thousands else ""
    if currency == "JPY":
        return f"{smallest_units:{separator}}"
    sign = "-" if smallest_units < 0 else ""
    whole, cents = divmod(abs(smallest_units), 100)
    return f"{sign}{whole:{separator}}.{cents:02d}"


def _csv(rows: Iterable[dict[str, str]]) -> bytes:
    all_rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, all_rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(all_rows)
    return text.getvalue().encode()


if __name__ == "__main__":
    for name, content in files().items():
        Path(__file__).with_name(name).write_bytes(content)
