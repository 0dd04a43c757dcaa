"""What every route works with: connections, wake-ups, settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from fastapi import Request
from psycopg.rows import DictRow

from holdfast_server.api.hub import Hub
from holdfast_server.db.pool import Pool
from holdfast_server.db.statements import statement
from holdfast_server.settings import Settings

# Until the access layer tells who calls, everything belongs to one tenant.
TENANT = "default"


@dataclass(frozen=True)
class Backend:
    """The wiring of one API process."""

    settings: Settings
    pool: Pool
    hub: Hub

    async def row(self, statement_name: str, /, **params: Any) -> DictRow | None:
        """The first row of a statement, None when there is none."""
        async with self.pool.connection() as conn:
            cursor = await conn.execute(statement(statement_name), params)
            return await cursor.fetchone() if cursor.description else None

    async def rows(self, name: str, params: Mapping[str, Any]) -> list[DictRow]:
        """All rows of a statement."""
        async with self.pool.connection() as conn:
            cursor = await conn.execute(statement(name), params)
            return await cursor.fetchall()


async def backend_of(request: Request) -> Backend:
    """The backend of the application that serves this request; async, or FastAPI would use a thread."""
    return cast(Backend, request.app.state.backend)
