"""The generated books: reproducible, and as messy as promised."""

from datetime import date
from pathlib import Path

import pytest
from invoices import books
from invoices.books import NotInTheBooks, open_books
from invoices.generate import files


@pytest.mark.parametrize("name", ["invoices.csv", "purchase_orders.csv", "suppliers.csv"])
def test_generating_again_gives_the_committed_bytes(name: str) -> None:
    assert files()[name] == (Path(books.__file__).parent / name).read_bytes()


def test_the_books_have_the_promised_size() -> None:
    opened = open_books()
    sizes = len(opened.invoices), len(opened.purchase_orders), len(opened.suppliers)
    assert sizes == (240, 220, 40)


def test_the_mess_is_there() -> None:
    invoices = list(open_books().invoices.values())
    assert {"EURO", "US$", "CHF", "£"} <= {invoice["currency"] for invoice in invoices}
    assert any(invoice["amount"] < 0 for invoice in invoices)
    assert any(invoice["po_number"] == "" for invoice in invoices)
    assert any(invoice["po_number"] != invoice["po_number"].strip() for invoice in invoices)
    assert any('"' in invoice["supplier_name"] for invoice in invoices)
    assert sum(bool(open_books().similar_to(invoice["invoice_id"])) for invoice in invoices) >= 28


def test_both_spellings_of_dates_are_read() -> None:
    raw = files()["invoices.csv"].decode()
    assert ",13.01.2026," in raw
    assert all(date.fromisoformat(invoice["issued_on"]) for invoice in open_books().invoices.values())


def test_an_unknown_id_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(NotInTheBooks, match=r"there is no invoice 'INV-0999'; the nearest are INV-0\d\d9, "):
        open_books().invoice("INV-0999")
