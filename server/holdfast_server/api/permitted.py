"""The door: whether the caller may take this route at all, by the table of access/routes.py.

What is looked up is the route that answers and never the path of the request: no spelling gets around it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route, WebSocketRoute

from holdfast_server.access.needs import require
from holdfast_server.access.principal import Principal
from holdfast_server.access.routes import NEEDS
from holdfast_server.api.parts import part_of
from holdfast_server.config.http import Part
from holdfast_server.errors import ApiError, HoldfastError

logger = logging.getLogger(__name__)


def permit(connection: HTTPConnection, caller: Principal) -> None:
    """Refuses who may not take the route that a request has met, and everybody where the table is silent.

    Raises:
        ApiError: 403.
    """
    scope = connection.scope
    method = scope.get("method", "") if scope["type"] == "http" else "WS"
    line = f"{method} {getattr(scope.get('route'), 'path', '')}"
    if (need := NEEDS.get(line)) is None:
        logger.error("%s has no line in access/routes.py, so it serves nobody; add one", line)
        raise ApiError(403, f"{line} has no permission that would open it, so it serves nobody")
    require(caller, line, need)


def check_table(routes: Iterable[BaseRoute], disabled: Collection[Part], asking: Callable[..., Any]) -> None:
    """Refuses to serve routes that the table does not know, that ask nobody, or that are not there any more.

    Args:
        routes: all that the application serves.
        disabled: parts of the API that it does not.
        asking: the dependency that asks who calls and looks at the table.

    Raises:
        HoldfastError: names the routes.
    """
    served = {line: route for route in routes for line in _lines(route)}
    wanted = {line for line in NEEDS if part_of(line.partition(" ")[2]) not in disabled}
    if unlisted := sorted(served.keys() - NEEDS.keys()):
        raise HoldfastError(f"{', '.join(unlisted)}: no line in access/routes.py says who may call; add one")
    if gone := sorted(wanted - served.keys()):
        raise HoldfastError(f"{', '.join(gone)}: in access/routes.py, and no route; take the line out")
    if open_ := sorted(line for line, route in served.items() if not _is_guarded(line, route, asking)):
        raise HoldfastError(f"{', '.join(open_)}: asks nobody who they are; depend on backend_of")


def _lines(route: BaseRoute) -> Iterator[str]:
    """The lines that a route must have; one of a kind that we cannot judge has a line that nobody wrote."""
    match route:
        case Route():
            # HEAD is answered as GET is.
            yield from (f"{method} {route.path}" for method in (route.methods or {"ANY"}) - {"HEAD"})
        case WebSocketRoute():
            yield f"WS {route.path}"
        case _:
            yield f"{type(route).__name__} {getattr(route, 'path', '')}"


def _is_guarded(line: str, route: BaseRoute, asking: Callable[..., Any]) -> bool:
    """A WebSocket asks by itself, to refuse in HTTP; tests hold that."""
    if NEEDS[line].public or isinstance(route, WebSocketRoute):
        return True
    return isinstance(route, APIRoute) and _asks(route.dependant, asking)


def _asks(dependant: Dependant, asking: Callable[..., Any]) -> bool:
    return any(d.call is asking or _asks(d, asking) for d in dependant.dependencies)
