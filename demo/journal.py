"""The journal: the payments that the agent's tool really made, read from the file that it writes."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Payment:
    """One line of the journal."""

    payment_id: str
    invoice_id: str
    amount: float
    currency: str
    idempotency_key: str


def payments_in(journal: Path) -> list[Payment]:
    """All payments, oldest first; none when the file was never written."""
    if not journal.exists():
        return []
    entries = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return [
        Payment(e["id"], e["invoice_id"], e["amount"], e["currency"], e["idempotency_key"]) for e in entries
    ]
