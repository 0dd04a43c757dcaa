"""The books: invoices, purchase orders and suppliers, read from the CSV files beside this module."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TypedDict, TypeVar

from holdfast_tools import RecoverableToolError

HERE = Path(__file__).parent

# The same goods invoiced again within so many days for the same amount are a likely duplicate.
DUPLICATE_WINDOW_DAYS = 10


class Invoice(TypedDict):
    """An invoice as the supplier wrote it; only amount and date are parsed."""

    invoice_id: str
    supplier_id: str
    supplier_name: str
    supplier_reference: str
    po_number: str
    issued_on: str
    amount: float
    currency: str
    bank_account: str
    description: str


class PurchaseOrder(TypedDict):
    """What was ordered, from whom and for how much."""

    po_number: str
    supplier_id: str
    ordered_on: str
    amount: float
    currency: str
    description: str


class Supplier(TypedDict):
    """What is known of a supplier; `blocked_because` and `bank_changed_on` are "" as a rule."""

    supplier_id: str
    name: str
    country: str
    bank_account: str
    bank_changed_on: str
    blocked_because: str


class NotInTheBooks(RecoverableToolError):
    """Nothing has that id; the message names the nearest ones that exist."""

    def __init__(self, kind: str, key: str, known: Iterable[str]) -> None:
        nearest = ", ".join(get_close_matches(key, known, n=3, cutoff=0.0))
        super().__init__(f"there is no {kind} {key!r}; the nearest are {nearest}")


Record = TypeVar("Record", Invoice, PurchaseOrder, Supplier)


@dataclass(frozen=True, slots=True)
class Books:
    """Everything by its id."""

    invoices: Mapping[str, Invoice]
    purchase_orders: Mapping[str, PurchaseOrder]
    suppliers: Mapping[str, Supplier]

    def invoice(self, invoice_id: str) -> Invoice:
        return _look_up(self.invoices, "invoice", invoice_id)

    def purchase_order(self, po_number: str) -> PurchaseOrder:
        return _look_up(self.purchase_orders, "purchase order", po_number)

    def supplier(self, supplier_id: str) -> Supplier:
        return _look_up(self.suppliers, "supplier", supplier_id)

    def similar_to(self, invoice_id: str) -> list[Invoice]:
        """Other invoices of the supplier with the same reference, or the same amount a few days apart."""
        subject = self.invoice(invoice_id)
        return [other for other in self.invoices.values() if _looks_like(other, subject)]


@cache
def open_books() -> Books:
    """Read all three files, once."""
    return Books(
        invoices={row["invoice_id"]: _invoice(row) for row in _rows("invoices.csv")},
        purchase_orders={row["po_number"]: _purchase_order(row) for row in _rows("purchase_orders.csv")},
        suppliers={row["supplier_id"]: _supplier(row) for row in _rows("suppliers.csv")},
    )


def _look_up(records: Mapping[str, Record], kind: str, key: str) -> Record:
    try:
        return records[key]
    except KeyError:
        raise NotInTheBooks(kind, key, records) from None


def _looks_like(other: Invoice, subject: Invoice) -> bool:
    if other["invoice_id"] == subject["invoice_id"] or other["supplier_id"] != subject["supplier_id"]:
        return False
    apart = abs(date.fromisoformat(other["issued_on"]) - date.fromisoformat(subject["issued_on"]))
    same_money = other["amount"] == subject["amount"] and other["currency"] == subject["currency"]
    same_reference = other["supplier_reference"] == subject["supplier_reference"]
    return same_reference or (same_money and apart.days <= DUPLICATE_WINDOW_DAYS)


def _rows(file_name: str) -> list[dict[str, str]]:
    with (HERE / file_name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _invoice(row: Mapping[str, str]) -> Invoice:
    return Invoice(
        invoice_id=row["invoice_id"],
        supplier_id=row["supplier_id"],
        supplier_name=row["supplier_name"],
        supplier_reference=row["supplier_reference"],
        po_number=row["po_number"],
        issued_on=_date(row["issued_on"]).isoformat(),
        amount=_amount(row["amount"]),
        currency=row["currency"],
        bank_account=row["bank_account"],
        description=row["description"],
    )


def _purchase_order(row: Mapping[str, str]) -> PurchaseOrder:
    return PurchaseOrder(
        po_number=row["po_number"],
        supplier_id=row["supplier_id"],
        ordered_on=row["ordered_on"],
        amount=_amount(row["amount"]),
        currency=row["currency"],
        description=row["description"],
    )


def _supplier(row: Mapping[str, str]) -> Supplier:
    return Supplier(
        supplier_id=row["supplier_id"],
        name=row["name"],
        country=row["country"],
        bank_account=row["bank_account"],
        bank_changed_on=row["bank_changed_on"],
        blocked_because=row["blocked_because"],
    )


def _amount(text: str) -> float:
    return float(text.replace(",", ""))


def _date(text: str) -> date:
    """Both spellings that suppliers use: 2026-03-31 and 31.03.2026."""
    return datetime.strptime(text, "%d.%m.%Y" if "." in text else "%Y-%m-%d").date()
