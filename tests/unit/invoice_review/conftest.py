"""Every test has its own payments file, and a screening that takes no time."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[dict[str, Any]]]:
    """Reads what was recorded: `recorded("payments")` or `recorded("flags")`."""
    monkeypatch.setenv("INVOICE_REVIEW_PAYMENTS", str(tmp_path / "books" / "payments.jsonl"))
    monkeypatch.setenv("INVOICE_REVIEW_SCREENING_SECONDS", "0")

    def read(kind: str) -> list[dict[str, Any]]:
        path = tmp_path / "books" / f"{kind}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return read
