"""Rows as our statements get them: what is sealed in them is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.rows import DictRow, RowMaker, dict_row

from holdfast_server.sealing import house

# Columns, as our statements name them, that hold what users wrote and what graphs made of it. No other
# column is opened: metadata stays as users send it, and must not become a way to have things opened.
COLUMNS = frozenset({
    "values", "interrupts", "error", "graph_error", "kwargs", "answers", "output", "data", "result",
    "question", "answer", "config", "context", "payload", "configurable", "webhook", "url",
})  # fmt: skip


def opened_row(cursor: Any) -> RowMaker[DictRow]:
    """psycopg's `dict_row`, opened; in a process without keys it is that and nothing else.

    Raises, when a row is fetched:
        UnknownKey, Tampered: it cannot be opened.
    """
    make = dict_row(cursor)
    if not house.sealer().key_ids or cursor.description is None:
        return make
    names = [column.name for column in cursor.description if column.name in COLUMNS]
    return _opening(make, names) if names else make


def opened_columns(row: DictRow) -> DictRow:
    """A row of plain `dict_row`, opened.

    Raises:
        UnknownKey, Tampered: it cannot be opened.
    """
    return {name: house.opened(value) if name in COLUMNS else value for name, value in row.items()}


def _opening(make: RowMaker[DictRow], names: Sequence[str]) -> RowMaker[DictRow]:
    def made(values: Sequence[Any]) -> DictRow:
        row = make(values)
        for name in names:
            row[name] = house.opened(row[name])
        return row

    return made
