"""Looks for values in everything that a house keeps: every table and column there is, in many writings."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier


def found_in(haystack: bytes, values: dict[str, str]) -> set[str]:
    """The names of the values that a haystack holds, as they are or in another writing."""
    return {name for name, value in values.items() if any(form in haystack for form in writings(value))}


def writings(value: str) -> set[bytes]:
    """The writings in which somebody could read a value; a multi-line one also by its lines."""
    raw = value.encode()
    texts = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    texts |= {json.dumps(text, ensure_ascii=plain)[1:-1] for text in texts for plain in (True, False)}
    texts |= {quote(value), quote(value, safe=""), raw.hex(), *_secret_lines(value)}
    # The middle of its base64, at each offset.
    cut = {b64encode(b"x" * offset + raw)[4:-4] for offset in range(3)}
    return {text.encode() for text in texts} | cut | {text.translate(_URL_SAFE) for text in cut}


def _secret_lines(value: str) -> list[str]:
    return [line for line in value.splitlines() if len(line) > 20 and not line.startswith("-----")]


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def database(url: str) -> dict[str, bytes]:
    """What every column of every table holds, by `schema.table.column`; bytes also as they are."""
    held = {}
    with psycopg.connect(url) as conn:
        columns = conn.execute(
            "select table_schema, table_name, column_name, data_type from information_schema.columns"
            " join information_schema.tables using (table_schema, table_name)"
            " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table, column, kind in columns:
            names = Identifier(column), Identifier(schema, table)
            rows = conn.execute(SQL("select {}::text from {}").format(*names)).fetchall()
            texts = [text.encode() for (text,) in rows if text is not None]
            if kind == "bytea":
                rows = conn.execute(SQL("select {} from {}").format(*names)).fetchall()
                texts += [bytes(data) for (data,) in rows if data is not None]
            held[f"{schema}.{table}.{column}"] = b"\n".join(texts)
    return held
