"""JSON answers: values of any kind, ready JSON text, and pages of a list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from fastapi import Response
from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.api.bodies import Page


class JsonReply(Response):
    """An answer made of a value."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return wire.dumps(content)


class JsonText(Response):
    """An answer that is JSON text already."""

    media_type = "application/json"


def selected(shown: list[dict[str, Any]], fields: Collection[str] | None) -> list[dict[str, Any]]:
    """Only these fields of each item; all when none are named."""
    return [{k: v for k, v in item.items() if k in fields} for item in shown] if fields else shown


def paged(shown: list[dict[str, Any]], rows: Sequence[DictRow], page: Page) -> Response:
    """One page of a list; headers tell the total and where the next page starts."""
    total = rows[0]["total"] if rows else page.offset
    headers = {"x-pagination-total": str(total)}
    if page.offset + len(rows) < total:
        headers["x-pagination-next"] = str(page.offset + len(rows))
    return JsonReply(shown, headers=headers)
