"""The wiring of an API process. It imports no graph and nothing of LangGraph."""

from __future__ import annotations

import asyncio
import logging
import socket
from dataclasses import dataclass, replace

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from holdfast_server.api.app import fronted, make_app
from holdfast_server.api.cors import with_cors
from holdfast_server.api.metrics import HttpMeter
from holdfast_server.api.rates import Limiter
from holdfast_server.api.turnstile import Turnstile
from holdfast_server.api.visitors import OPEN_CORS, Visitors
from holdfast_server.config.app import AppConfig
from holdfast_server.config.door import DoorConfig
from holdfast_server.config.entrance import Entrance
from holdfast_server.config.http import Cors, HttpConfig
from holdfast_server.config.webhooks import Webhooks
from holdfast_server.custom.app import UserApp
from holdfast_server.custom.code import UserCode, load_user_code
from holdfast_server.custom.openapi import documented
from holdfast_server.db.migrate import check_migrated
from holdfast_server.given import given
from holdfast_server.listening import Listening, check_port
from holdfast_server.runtime.preparing import install_keys, mask_speech, warn_of_unused
from holdfast_server.secrets.environment import learn_environment, prepared
from holdfast_server.secrets.secrets import hide_variables
from holdfast_server.settings import Settings
from holdfast_server.supervisor_watch import end_with_supervisor
from holdfast_server.telemetry import keep_quiet
from holdfast_server.workers.rescuer import Rescuer

logger = logging.getLogger(__name__)
_BY_DEFAULT = Listening()


def serve(settings: Settings, config: AppConfig | None, listening: Listening) -> None:
    """Serves the API until SIGINT or SIGTERM.

    Raises:
        ConfigError: strangers could call unasked; or user code, or the certificate, does not load.
    """

    entrance = Entrance.of(settings, config)
    entrance.check(listening.host)
    check_port(listening.host, listening.port)
    logger.info("%s", entrance.said())
    end_with_supervisor()
    config = _masked(settings, config)
    if config is not None:
        warn_of_unused(config)
    asyncio.run(check_migrated(settings.database_url))
    install_keys(settings, config)
    process = api(settings, config, listening)
    _Server(listening.server(process.asgi, settings), process.app).run()


def _masked(settings: Settings, config: AppConfig | None) -> AppConfig | None:
    """The config with its references resolved; from here on this process says nothing that is secret.

    Raises:
        ConfigError: a reference does not resolve.
    """

    mask_speech(settings)
    learn_environment({**given(), **(config.env if config else {})})
    if config is None:
        return None
    if config.auth or config.http.app:
        # Without code of the user's nobody here needs a value.
        config, _ = prepared(config, headers=False)
    hide_variables(config)
    return config


@dataclass(frozen=True)
class ApiProcess:
    """What an API process serves: `app` answers, behind everything in `asgi`."""

    app: FastAPI
    asgi: ASGIApp


def api(
    settings: Settings, config: AppConfig | None = None, listening: Listening = _BY_DEFAULT
) -> ApiProcess:
    """The API; a rescuer beside it, so that runs are rescued while no worker is left to do it.

    Raises:
        ConfigError: code that langgraph.json names for the API does not load.
    """

    keep_quiet(config.env if config else {})
    http = config.http if config else HttpConfig()
    door = config.house.door if config else DoorConfig()
    code = load_user_code(config, limit=settings.handler_timeout, require_keys=settings.require_keys)
    meter, limiter = HttpMeter(), Limiter()
    code = replace(code, gatekeeper=Turnstile(code.gatekeeper, limiter, door, meter))
    app = make_app(
        settings,
        companion=Rescuer,
        gatekeeper=code.gatekeeper,
        limiter=limiter,
        meter=meter,
        webhooks=None if "webhooks" in http.disabled else config.webhooks if config else Webhooks(),
        disabled=http.disabled,
        around=code.running,
        beside_pool=code.house.open,
    )
    is_open = Entrance.of(settings, config).is_open
    cors = http.cors or (None if code.brings_cors else OPEN_CORS if is_open else Cors())
    return ApiProcess(
        app,
        fronted(
            _with_user_code(app, code, config, settings),
            meter,
            settings,
            cors=cors,
            prefix=http.mount_prefix,
            visitors=Visitors(is_open, door.allowed_hosts, cors, listening.host),
            trusted_proxies=(*door.trusted_proxies, *listening.trusted_proxies),
            headers=door.headers,
        ),
    )


def _with_user_code(app: FastAPI, code: UserCode, config: AppConfig | None, settings: Settings) -> ASGIApp:
    """The API with the user's application before and around it."""

    openapi = config.auth.openapi if config and config.auth else {}
    documented(app, theirs=code.described, security=openapi)
    if config is None or code.app is None or code.loop is None or code.lifespan is None:
        return app
    return UserApp(
        code.app,
        app,
        code.loop,
        code.gatekeeper,
        # What never passes the user's application has the answer to pages of other origins from us.
        alone=with_cors(app, Cors()) if code.brings_cors and config.http.cors is None else app,
        state=code.lifespan.state,
        guarded=config.http.custom_route_auth,
        guards_first=config.http.auth_first,
        limit=settings.handler_timeout,
    )


class _Server(uvicorn.Server):
    """Ends open streams before it waits for connections; their clients reconnect."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if (backend := getattr(self._app.state, "backend", None)) is not None:
            backend.hub.close()
        await super().shutdown(sockets)
