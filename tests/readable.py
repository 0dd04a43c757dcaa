"""What can be read in a database by who has its files: every column of every table, in every spelling."""

from __future__ import annotations

import base64
from collections.abc import Iterable

import psycopg
from psycopg.sql import SQL, Identifier

_TABLES = """
select table_schema, table_name from information_schema.tables
where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
"""


def readable(database: str, words: Iterable[str]) -> list[str]:
    """Where these words stand: `table: word`, each once; as text, hex or base64, also inside bytes."""
    spellings = {word: spelled(word) for word in words}
    found = set()
    with psycopg.connect(database) as conn:
        tables = conn.execute(_TABLES).fetchall()
        assert len(tables) > 20
        for schema, table in tables:
            # A row as text holds every column; bytes are written in hex.
            rows = conn.execute(SQL("select t::text from {} t").format(Identifier(schema, table))).fetchall()
            text = "\n".join(row[0] for row in rows).lower()
            found |= {f"{table}: {w}" for w, forms in spellings.items() if any(f in text for f in forms)}
    return sorted(found)


def spelled(word: str) -> set[str]:
    """A word as text, as hex, and the middle of it in base64 at every offset."""
    raw = word.encode()
    encoded = {
        base64.b64encode(b"\x00" * shift + raw).decode()[4 if shift else 0 : -4].lower() for shift in range(3)
    }
    return {word.lower(), raw.hex()} | {code for code in encoded if len(code) > 5}
