"""What goes wrong with an invoice: one function a kind, and how often each happens."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from invoices.drafts import Draft, make_bank_account

ODD_SPELLINGS = {
    "EUR": ("€", "eur", "EURO"),
    "USD": ("$", "US$", "usd"),
    "GBP": ("£", "Gbp"),
    "JPY": ("YEN", "¥"),
}

Mess = Callable[[random.Random, Draft], Draft]


def clean(dice: random.Random, draft: Draft) -> Draft:
    return draft


def rounded(dice: random.Random, draft: Draft) -> Draft:
    return replace(draft, amount=draft.amount + dice.choice((-1, 1)))


def overcharged(dice: random.Random, draft: Draft) -> Draft:
    return replace(draft, amount=draft.amount * 110 // 100)


def digits_swapped(dice: random.Random, draft: Draft) -> Draft:
    digits = list(str(draft.amount))
    places = [place for place in range(len(digits) - 1) if digits[place] != digits[place + 1] != "0"]
    place = dice.choice(places)
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    return replace(draft, amount=int("".join(digits)))


def order_missing(dice: random.Random, draft: Draft) -> Draft:
    return replace(draft, po_number="")


def order_unknown(dice: random.Random, draft: Draft) -> Draft:
    return draft  # its order is left out of purchase_orders.csv


def order_untidy(dice: random.Random, draft: Draft) -> Draft:
    number = draft.po_number
    spellings = (f" {number}", number.lower(), f"{number.lower()} ", number.replace("-", " "), f"  {number} ")
    return replace(draft, po_number=dice.choice(spellings))


def order_of_somebody_else(dice: random.Random, draft: Draft) -> Draft:
    neighbour = int(draft.po_number.removeprefix("PO-")) + dice.choice((-3, 3))
    return replace(draft, po_number=f"PO-{neighbour}")


def currency_spelled_oddly(dice: random.Random, draft: Draft) -> Draft:
    return replace(draft, currency=dice.choice(ODD_SPELLINGS[draft.currency]))


def currency_mixed_up(dice: random.Random, draft: Draft) -> Draft:
    return replace(draft, currency="USD" if draft.currency != "USD" else "EUR")


def currency_not_supported(dice: random.Random, draft: Draft) -> Draft:
    return replace(draft, currency="CHF")


def credit_note(dice: random.Random, draft: Draft) -> Draft:
    return replace(draft, amount=-draft.amount, description=f"Credit note: {draft.description}")


def bank_account_swapped(dice: random.Random, draft: Draft) -> Draft:
    return replace(
        draft, bank_account=make_bank_account(dice, dice.choice(("LT", "CY", draft.supplier.country)))
    )


RECIPE: Mapping[Mess, int] = {
    clean: 113,
    rounded: 14,
    overcharged: 14,
    digits_swapped: 12,
    order_missing: 10,
    order_unknown: 6,
    order_untidy: 18,
    order_of_somebody_else: 4,
    currency_spelled_oddly: 12,
    currency_mixed_up: 8,
    currency_not_supported: 3,
    credit_note: 6,
    bank_account_swapped: 6,
}
WITHOUT_ORDER = (order_missing, order_unknown)


def duplicates(dice: random.Random, originals: Sequence[Draft]) -> list[Draft]:
    """Sent twice: eight with the supplier's own number again, six with a new number for the same amount."""
    chosen = dice.sample(originals, 14)
    again = [
        replace(draft, issued_on=draft.issued_on + timedelta(days=dice.randrange(1, 20)))
        for draft in chosen[:8]
    ]
    renumbered = [
        replace(
            draft,
            issued_on=draft.issued_on + timedelta(days=dice.randrange(1, 7)),
            reference=f"{draft.reference}-{dice.choice(('A', 'COPY', '2'))}",
        )
        for draft in chosen[8:]
    ]
    return again + renumbered
