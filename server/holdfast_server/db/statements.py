"""The SQL of Holdfast: one statement a file, read once, found by name."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import LiteralString


@cache
def statement(name: str) -> LiteralString:
    """The text of `db/sql/<name>.sql`; ours and constant, hence a LiteralString."""
    text = (resources.files("holdfast_server.db") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    return text
