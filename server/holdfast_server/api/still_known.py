"""Whether who opened a connection may still come in: sockets live longer than keys and tokens do."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from holdfast_server.access.principal import KNOWN
from holdfast_server.api.backend import Backend


async def still_known(backend: Backend, connection: HTTPConnection) -> None:
    """Asks once more about a key or a token; an `auth` handler is asked once a connection, as LangGraph does.

    Raises:
        ApiError: 401, revoked or expired meanwhile; 503, nobody knows.
    """
    if backend.caller.how in ("key", "oidc"):
        scope = {name: value for name, value in connection.scope.items() if name != KNOWN}
        await backend.gatekeeper.authenticate(HTTPConnection(scope))
