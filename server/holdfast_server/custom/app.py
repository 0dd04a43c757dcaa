"""The user's own application: its routes before ours, its middleware around ours, on its own thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match, Mount, NoMatchFound
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from holdfast_server.access.gatekeeper import Gatekeeper
from holdfast_server.custom.bridge import across
from holdfast_server.custom.loop import UserCodeStuck, UserLoop
from holdfast_server.errors import ApiError

logger = logging.getLogger(__name__)

# What a probe asks must not wait for code of the user's.
_OURS_ALONE = ("/ok", "/info", "/metrics")
_DOCUMENTATION = ("/openapi.json", "/docs", "/docs/oauth2-redirect")
_STUCK = "Your application does not take requests: something blocks its event loop; see the server's log"
# Where a request notes which route it met, for whoever measures it.
SEEN = "holdfast.seen"
# Where a request on the user's thread keeps its way back.
_BACK = "holdfast.back"


class UserApp:
    """ASGI: a request goes to the user's route, through the user's middleware to ours, or straight to ours.

    Args:
        app: what `http.app` names; its router gets one more route, the way to ours.
        ours: the API.
        alone: the API as probes reach it, past the user's application.
        state: what the application's lifespan yields; every request of it sees that as its state.
        gatekeeper: asked for the user's routes too if `guarded`, and before all middleware if `guards_first`.
        limit: seconds after which a blocked thread is answered for.
    """

    def __init__(
        self,
        app: Starlette,
        ours: FastAPI,
        loop: UserLoop,
        gatekeeper: Gatekeeper,
        *,
        alone: ASGIApp,
        state: Mapping[str, Any],
        guarded: bool,
        guards_first: bool,
        limit: float,
    ) -> None:
        self._app = app
        self._ours = ours
        self._our_routes = ours.router.routes
        self._alone = alone
        self._loop = loop
        self._gatekeeper = gatekeeper
        self._guarded = guarded
        self._guards_first = guards_first
        self._limit = limit
        self._state = state
        self._wraps_ours = bool(app.user_middleware)
        own = [route for route in app.router.routes if getattr(route, "path", None) not in _DOCUMENTATION]
        self._first = [route for route in own if not _is_root_mount(route)]
        self._last = [route for route in own if _is_root_mount(route)]
        app.router.routes[:] = [_WayToOurs(self), *own]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] not in ("http", "websocket") or _path(scope) in _OURS_ALONE:
            return await self._alone(scope, receive, send)
        theirs = self.route_of(scope)
        if theirs is None and not self._wraps_ours:
            return await self._ours(scope, receive, send)
        try:
            receive = await self._admitted(scope, receive, theirs)
            await self._loop.responds(limit=self._limit)
        except ApiError as refusal:
            return await _refuse(refusal, scope, receive, send)
        except UserCodeStuck:
            logger.error("http.app: something has blocked its event loop for %g s", self._limit)
            return await _refuse(ApiError(503, _STUCK), scope, receive, send)
        await self._through(theirs, scope, receive, send)

    def route_of(self, scope: Scope) -> BaseRoute | None:
        """The user's route that answers; None when we do.

        A route of theirs wins over one of ours; a mount of the whole site only takes what is left over.
        """
        for route in self._first:
            if route.matches(scope)[0] is Match.FULL:
                return route
        if any(route.matches(scope)[0] is not Match.NONE for route in self._our_routes):
            return None
        return self._left_over(scope)

    def _left_over(self, scope: Scope) -> BaseRoute | None:
        """Their 405, their redirect to the other spelling of a path, or their whole-site mount."""
        slashed = scope["path"][:-1] if scope["path"].endswith("/") else scope["path"] + "/"
        if any(route.matches({**scope, "path": slashed})[0] is not Match.NONE for route in self._our_routes):
            return None
        for spelling in (scope, {**scope, "path": slashed}):
            for route in (*self._first, *self._last):
                if route.matches(spelling)[0] is not Match.NONE:
                    return route
        return None

    async def _admitted(self, scope: Scope, receive: Receive, theirs: BaseRoute | None) -> Receive:
        """Asks who calls, where that comes before the user's application; answers how to read the body then.

        Raises:
            ApiError: 401.
        """
        asks = self._guarded if theirs is not None else self._guards_first
        if not asks or (theirs is None and _is_public(scope)):
            return receive
        asking = {**scope, "path_params": self._path_params(scope, theirs)}
        request = Request(asking, receive) if scope["type"] == "http" else HTTPConnection(asking)
        caller = await self._gatekeeper.authenticate(request)
        scope.update({key: value for key, value in asking.items() if key.startswith("holdfast.")})
        if caller.native is not None:
            scope["user"] = caller.native
        return _again(request, receive)

    def _path_params(self, scope: Scope, theirs: BaseRoute | None) -> dict[str, Any]:
        for route in self._our_routes if theirs is None else [theirs]:
            match, child = route.matches(scope)
            if match is not Match.NONE:
                return dict(child.get("path_params", {}))
        return {}

    async def _through(self, theirs: BaseRoute | None, scope: Scope, receive: Receive, send: Send) -> None:
        state = {**scope.get("state", {}), **self._state}
        home = asyncio.get_running_loop()
        passed = {**scope, "state": state, _BACK: partial(across, home, self._ours)}
        try:
            await across(self._loop.loop, self._app, passed, receive, send)
        except Exception as error:
            if theirs is not None:
                logger.error("http.app: %s failed", _path(scope), exc_info=error)
            raise
        finally:
            if theirs is not None:
                scope.get(SEEN, {})["route"] = passed.get("route", theirs)


class _WayToOurs(BaseRoute):
    """The first route of the user's router: what is ours goes back to the API's own event loop."""

    def __init__(self, owner: UserApp) -> None:
        self._owner = owner

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Full for what is ours; asked again here, because middleware may have changed the request."""
        if _BACK not in scope or self._owner.route_of(scope) is not None:
            return Match.NONE, {}
        return Match.FULL, {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Nothing of ours has a name in the user's application."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers with ours."""
        # What the user's router noted about itself would mislead ours.
        passed = {k: v for k, v in scope.items() if k not in ("router", "route", "endpoint", "path_params")}
        try:
            await scope[_BACK](passed, receive, send)
        finally:
            scope.get(SEEN, {})["route"] = passed.get("route")


def _is_root_mount(route: BaseRoute) -> bool:
    return isinstance(route, Mount) and route.path in ("", "/")


def _path(scope: Scope) -> str:
    """The path below the prefix under which everything is served."""
    return str(scope["path"])[len(scope.get("root_path", "")) :]


def _is_public(scope: Scope) -> bool:
    return _path(scope) == "/" or _path(scope).startswith(_DOCUMENTATION)


def _again(request: HTTPConnection, receive: Receive) -> Receive:
    """Reads the request's body once more, if somebody read it to find out who calls."""
    body = getattr(request, "_body", None)
    told = False
    if body is None:
        return receive

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _refuse(refusal: ApiError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        return await WebSocketClose(1008, refusal.detail)(scope, receive, send)
    answer = JSONResponse({"detail": refusal.detail}, refusal.status, refusal.headers)
    return await answer(scope, receive, send)
