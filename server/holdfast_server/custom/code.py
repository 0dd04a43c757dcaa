"""All code of the user's in one API process: loaded together, on one thread, before anything is served."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware

from holdfast_server.access.gatekeeper import Gatekeeper, OpenHouse
from holdfast_server.access.house_gate import HouseGate
from holdfast_server.config.access import AccessConfig
from holdfast_server.config.app import AppConfig
from holdfast_server.config.section import ObjectPath
from holdfast_server.custom.faults import answer_faults
from holdfast_server.custom.headers import HeaderBearer
from holdfast_server.custom.lifespan import Lifespan
from holdfast_server.custom.loop import UserLoop
from holdfast_server.errors import ConfigError, UserCodeError
from holdfast_server.user_code import load_object, make_importable

if TYPE_CHECKING:
    from holdfast_server.access.oidc import OidcGate
    from holdfast_server.custom.auth import AuthGate


@dataclass(frozen=True)
class UserCode:
    """What langgraph.json adds to an API process.

    Attributes:
        gatekeeper: says who calls and what they may do.
        house: the part of it that needs the database.
        loop: the thread; None when there is nothing of the user's to run.
        app: the user's application.
        described: its OpenAPI document.
    """

    gatekeeper: Gatekeeper
    house: HouseGate
    loop: UserLoop | None = None
    app: Starlette | None = None
    lifespan: Lifespan | None = None
    described: Mapping[str, Any] | None = None

    @property
    def brings_cors(self) -> bool:
        """Whether the application decides itself which pages may call."""
        middleware = self.app.user_middleware if self.app else []
        return any(isinstance(m.cls, type) and issubclass(m.cls, CORSMiddleware) for m in middleware)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While this is open the application is started.

        Raises:
            ConfigError: it does not start.
        """
        try:
            if self.lifespan is not None:
                await self.lifespan.start()
            yield
        finally:
            if self.lifespan is not None:
                await self.lifespan.stop()
            if self.loop is not None:
                self.loop.stop()


def load_user_code(config: AppConfig | None, *, limit: float, require_keys: bool = False) -> UserCode:
    """Imports what `auth` and `http` of langgraph.json name.

    Args:
        config: langgraph.json, if there is one.
        limit: seconds that a handler may take.
        require_keys: API keys are demanded, whatever `holdfast.access` says.

    Raises:
        ConfigError: something does not load; nothing may be served then.
    """
    access = config.house.access if config else AccessConfig()
    access = replace(access, keys=access.keys or require_keys)
    if config is None or (config.auth is None and config.http.app is None):
        house = _house(access, None)
        return UserCode(_with_headers(house, config), house)
    loop = UserLoop()
    try:
        return loop.call(lambda: _loaded(config, access, loop, limit))
    except BaseException as failure:
        loop.stop()
        if isinstance(failure, UserCodeError):
            raise ConfigError(f"{config.path}: {failure}") from failure
        raise


def _house(access: AccessConfig, handler: AuthGate | None) -> HouseGate:
    """The gatekeeper of the house; open only when nothing says who calls."""
    # PyJWT and its cryptography are only for those who have a provider.
    issuers: dict[str, OidcGate] = {}
    if access.issuers:
        from holdfast_server.access.oidc import OidcGate

        issuers = {issuer.url: OidcGate(issuer, roles=access.roles) for issuer in access.issuers}
    others: Gatekeeper | None = None
    if handler is not None and handler.authenticates:
        others = handler
    elif not access.asks:
        others = OpenHouse()
    return HouseGate(issuers=issuers, roles=access.roles, others=others, rules=handler)


def _loaded(config: AppConfig, access: AccessConfig, loop: UserLoop, limit: float) -> UserCode:
    make_importable(config.import_paths, config.env)
    handler: AuthGate | None = None
    if config.auth is not None:
        # The SDK costs half a second to import; a server without `auth` starts without it.
        from holdfast_server.custom.auth import AuthGate

        auth = _object(config, "auth.path", config.auth.handler)
        where = _named(config, "auth.path")
        handler = AuthGate(auth, where=where, loop=loop, limit=limit, access=access)
    house = _house(access, handler)
    app = _object(config, "http.app", config.http.app) if config.http.app else None
    if app is not None and not isinstance(app, Starlette):
        what = type(app).__name__
        raise ConfigError(f"{_named(config, 'http.app')} is a {what}; it must be a FastAPI or Starlette app")
    if app is not None:
        answer_faults(app)
    return UserCode(
        gatekeeper=_with_headers(house, config),
        house=house,
        loop=loop,
        app=app,
        lifespan=Lifespan(app, loop) if app else None,
        described=app.openapi() if isinstance(app, FastAPI) else None,
    )


def _with_headers(gatekeeper: Gatekeeper, config: AppConfig | None) -> Gatekeeper:
    patterns = config.http.configurable_headers if config else None
    return HeaderBearer(gatekeeper, patterns) if patterns and patterns.includes else gatekeeper


def _object(config: AppConfig, key: str, path: ObjectPath) -> Any:
    return load_object(key, path.source, path.name, config.folder)


def _named(config: AppConfig, key: str) -> str:
    return f'{config.path}: "{key}"'
