"""The journal of payments and flags: every line whole, and what is written once stays once."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from invoices.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "made" / "on demand" / "payments.jsonl")


def test_an_unused_journal_is_empty(journal: Journal) -> None:
    assert journal.entries() == []


def test_entries_are_appended_in_order(journal: Journal) -> None:
    journal.append({"to": "Café Olé"})
    journal.append({"to": "Café Olé"})
    assert journal.entries() == [{"to": "Café Olé"}] * 2


def test_the_same_key_is_written_once(journal: Journal) -> None:
    journal.append_once({"idempotency_key": "a", "reason": "first"})
    journal.append_once({"idempotency_key": "a", "reason": "again"})
    journal.append_once({"idempotency_key": "b", "reason": "other"})
    assert [entry["reason"] for entry in journal.entries()] == ["first", "other"]


def test_processes_that_write_the_same_key_at_once_leave_one_line(journal: Journal) -> None:
    entries = [{"idempotency_key": "the same", "text": "x" * 5_000}] * 20
    with ProcessPoolExecutor(max_workers=3, mp_context=get_context("spawn")) as pool:
        list(pool.map(journal.append_once, entries))
    assert len(journal.entries()) == 1
