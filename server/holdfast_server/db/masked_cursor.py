"""A cursor whose parameters are masked: the last net before anything known to be secret is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self, TypeVar

from psycopg import AsyncCursor

from holdfast_server import wire
from holdfast_server.masking.masker import MASKER

Row = TypeVar("Row")


class MaskedCursor(AsyncCursor[Row]):
    """Masks texts, bytes and lists of them; what goes in as JSON is masked when it is written."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Executes a statement."""
        return await super().execute(query, _masked(params), **options)

    async def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        """Executes a statement for each of many parameters."""
        await super().executemany(query, [_masked(params) for params in params_seq], **options)


def _masked(params: Any) -> Any:
    if isinstance(params, Mapping):
        return {name: MASKER.value(value) for name, value in params.items()}
    return None if params is None else [MASKER.value(value) for value in params]


def masked_json(value: object) -> bytes:
    """Writes a value as JSON, masked."""
    return MASKER.bytes(wire.dumps(value))
