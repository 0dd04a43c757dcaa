"""The wiring: which parts make an API process, and which a worker process.

Each imports only its own parts: the API starts in a fraction of a worker's time and never loads LangGraph.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
import signal
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uuid_utils.compat import uuid7

from holdfast_server.db.migrate import check_migrated
from holdfast_server.errors import ConfigError
from holdfast_server.listening import Listening
from holdfast_server.settings import Settings
from holdfast_server.supervisor_watch import end_with_supervisor
from holdfast_server.telemetry import keep_quiet

if TYPE_CHECKING:
    from holdfast_server.config.app import AppConfig
    from holdfast_server.custom.code import UserCode
    from holdfast_server.graphs.loader import LoadedGraphs

logger = logging.getLogger(__name__)
_BY_DEFAULT = Listening()


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
    from holdfast_server.api.app import fronted, make_app
    from holdfast_server.api.metrics import HttpMeter
    from holdfast_server.api.rates import Limiter
    from holdfast_server.api.turnstile import Turnstile
    from holdfast_server.api.visitors import OPEN_CORS, Visitors, all_hosts
    from holdfast_server.config.door import DoorConfig
    from holdfast_server.config.http import Cors, HttpConfig
    from holdfast_server.config.webhooks import Webhooks
    from holdfast_server.custom.code import load_user_code
    from holdfast_server.workers.rescuer import Rescuer

    keep_quiet(config.env if config else {})
    http = config.http if config else HttpConfig()
    door = config.house.door if config else DoorConfig()
    code = load_user_code(config, limit=settings.handler_timeout)
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
    )
    is_open = _asks_nobody(config)
    cors = http.cors or (None if code.brings_cors else OPEN_CORS if is_open else Cors())
    return ApiProcess(
        app,
        fronted(
            _with_user_code(app, code, config, settings),
            meter,
            settings,
            cors=cors,
            prefix=http.mount_prefix,
            visitors=Visitors(is_open, all_hosts(listening.host, door.allowed_hosts), cors),
            trusted_proxies=(*door.trusted_proxies, *listening.trusted_proxies),
            headers=door.headers,
        ),
    )


def _asks_nobody(config: AppConfig | None) -> bool:
    """Whether whoever reaches this server may do everything."""
    return config is None or config.auth is None


def _with_user_code(app: FastAPI, code: UserCode, config: AppConfig | None, settings: Settings) -> ASGIApp:
    """The API with the user's application before and around it."""
    from holdfast_server.api.cors import with_cors
    from holdfast_server.config.http import Cors
    from holdfast_server.custom.app import UserApp
    from holdfast_server.custom.openapi import documented

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


def serve(settings: Settings, config: AppConfig | None, listening: Listening) -> None:
    """Serves the API until SIGINT or SIGTERM.

    Raises:
        ConfigError: code that langgraph.json names for the API does not load, or the certificate does not.
    """
    end_with_supervisor()
    host = listening.host
    if config is not None:
        _warn_of_unused(config)
    if not is_loopback(host) and (config is None or config.auth is None):
        logger.warning(
            "%s can be reached from outside and nobody is asked who they are; set auth in langgraph.json",
            host,
        )
    asyncio.run(check_migrated(settings.database_url))
    process = api(settings, config, listening)
    _Server(listening.server(process.asgi, settings), process.app).run()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`, a name or an address.

    Raises:
        ConfigError: the name stands for no address.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise ConfigError(f"cannot listen on {host!r}: {error.strerror}; correct --host") from None
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


class _Server(uvicorn.Server):
    """Ends open streams before it waits for connections; their clients reconnect."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if (backend := getattr(self._app.state, "backend", None)) is not None:
            backend.hub.close()
        await super().shutdown(sockets)


def load(config: AppConfig) -> LoadedGraphs:
    """Loads the graphs and says in the log which of them are broken."""
    from holdfast_server.graphs.loader import load_graphs

    _warn_of_unused(config)
    loaded = load_graphs(config)
    for failure in loaded.failures.values():
        logger.error("%s", failure)
    return loaded


def _warn_of_unused(config: AppConfig) -> None:
    if config.unknown_keys:
        logger.warning("%s: not used by Holdfast: %s", config.path, ", ".join(config.unknown_keys))


def work(settings: Settings) -> None:
    """Works until SIGINT or SIGTERM, which drain."""
    from holdfast_server.config.app import read_config
    from holdfast_server.workers.exits import contain_exits
    from holdfast_server.workers.worker import Worker

    end_with_supervisor()
    asyncio.run(check_migrated(settings.database_url))
    config = read_config(settings.config)
    keep_quiet(config.env)
    # Headers may name what only langgraph.json's `env` sets.
    headers = config.webhooks.headers_from({**os.environ, **config.env})
    webhooks = replace(config.webhooks, headers=headers)
    worker = Worker(settings, worker_id=uuid7(), loaded=load(config), webhooks=webhooks)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        contain_exits(loop)
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, worker.stop)
        await worker.run()

    asyncio.run(main())
