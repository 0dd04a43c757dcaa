"""What every route works with: connections, wake-ups, settings, and the caller of this request."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from psycopg.rows import DictRow
from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import Action, Gatekeeper, OpenHouse, Resource
from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible
from holdfast_server.api.hub import Hub
from holdfast_server.api.permitted import permit
from holdfast_server.config.webhooks import Webhooks
from holdfast_server.db.pool import Conn, Pool, TenantPool
from holdfast_server.db.statements import statement
from holdfast_server.settings import Settings


@dataclass(frozen=True)
class Backend:
    """The wiring of one API process, on behalf of one caller.

    Attributes:
        pool: connections that see one tenant; `connection` gives one that sees the caller's.
        welcomed: tenants that are known to the database; shared by all requests of the process.
    """

    settings: Settings
    pool: Pool
    hub: Hub
    gatekeeper: Gatekeeper = field(default_factory=OpenHouse)
    caller: Principal = field(default_factory=Principal)
    webhooks: Webhooks | None = field(default_factory=Webhooks)
    welcomed: set[str] = field(default_factory=lambda: {"default"})

    async def allow(self, resource: Resource, action: Action, value: dict[str, Any] | None = None) -> Visible:
        """What the caller may see for this action; `value` may come back changed by the handler.

        Raises:
            ApiError: 403.
        """
        return await self.gatekeeper.authorize(self.caller, resource, action, {} if value is None else value)

    def connection(self) -> AbstractAsyncContextManager[Conn]:
        """A connection that sees the caller's tenant."""
        return TenantPool(self.pool, self.caller.tenant).connection()

    async def row(self, statement_name: str, /, **params: Any) -> DictRow | None:
        """The first row of a statement, None when there is none; `tenant` is the caller's."""
        async with self.connection() as conn:
            cursor = await conn.execute(statement(statement_name), {"tenant": self.caller.tenant} | params)
            return await cursor.fetchone() if cursor.description else None

    async def rows(self, name: str, params: Mapping[str, Any]) -> list[DictRow]:
        """All rows of a statement; `tenant` is the caller's."""
        async with self.connection() as conn:
            cursor = await conn.execute(statement(name), {"tenant": self.caller.tenant, **params})
            return await cursor.fetchall()


async def backend_of(connection: HTTPConnection) -> Backend:
    """The backend of the application, for who calls; async, or FastAPI would use a thread.

    Raises:
        ApiError: 401, nobody we know; 403, their permissions do not open this route.
    """
    backend = cast(Backend, connection.app.state.backend)
    caller = await backend.gatekeeper.authenticate(connection)
    permit(connection, caller)
    backend = replace(backend, caller=caller)
    await _welcome(backend)
    return backend


async def _welcome(backend: Backend) -> None:
    """Takes in a tenant that this process has not seen yet; every other request costs nothing."""
    if backend.caller.tenant not in backend.welcomed:
        await backend.row("welcome_tenant")
        backend.welcomed.add(backend.caller.tenant)


async def public_backend_of(connection: HTTPConnection) -> Backend:
    """The backend for routes that ask nobody who they are: health and identity."""
    return cast(Backend, connection.app.state.backend)
