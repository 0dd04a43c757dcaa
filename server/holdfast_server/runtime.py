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
from holdfast_server.settings import Settings
from holdfast_server.supervisor_watch import end_with_supervisor

if TYPE_CHECKING:
    from holdfast_server.config.app import AppConfig
    from holdfast_server.custom.code import UserCode
    from holdfast_server.graphs.loader import LoadedGraphs

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ApiProcess:
    """What an API process serves: `app` answers, behind everything in `asgi`."""

    app: FastAPI
    asgi: ASGIApp


def api(settings: Settings, config: AppConfig | None = None) -> ApiProcess:
    """The API; a rescuer beside it, so that runs are rescued while no worker is left to do it.

    Raises:
        ConfigError: code that langgraph.json names for the API does not load.
    """
    from holdfast_server.api.app import fronted, make_app
    from holdfast_server.config.http import Cors, HttpConfig
    from holdfast_server.config.webhooks import Webhooks
    from holdfast_server.custom.code import load_user_code
    from holdfast_server.workers.rescuer import Rescuer

    http = config.http if config else HttpConfig()
    code = load_user_code(config, limit=settings.handler_timeout)
    app = make_app(
        settings,
        companion=Rescuer,
        gatekeeper=code.gatekeeper,
        webhooks=None if "webhooks" in http.disabled else config.webhooks if config else Webhooks(),
        disabled=http.disabled,
        around=code.running,
    )
    cors = http.cors or (None if code.brings_cors else Cors())
    return ApiProcess(
        app,
        fronted(
            _with_user_code(app, code, config, settings),
            app.state.meter,
            cors=cors,
            max_body=settings.max_body,
            prefix=http.mount_prefix,
        ),
    )


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


def serve(settings: Settings, config: AppConfig | None, *, host: str, port: int) -> None:
    """Serves the API until SIGINT or SIGTERM.

    Raises:
        ConfigError: code that langgraph.json names for the API does not load.
    """
    end_with_supervisor()
    if config is not None:
        _warn_of_unused(config)
    if not is_loopback(host) and (config is None or config.auth is None):
        logger.warning(
            "%s can be reached from outside and nobody is asked who they are; set auth in langgraph.json",
            host,
        )
    asyncio.run(check_migrated(settings.database_url))
    _install_keys(settings, config)
    process = api(settings, config)
    uvicorn_config = uvicorn.Config(
        process.asgi,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    _Server(uvicorn_config, process.app).run()


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


def _install_keys(settings: Settings, config: AppConfig | None) -> None:
    """Makes the sealer of this process; user code, which comes later, finds no key in the environment.

    Raises:
        ConfigError: a key is missing or is none.
        DatabaseError: the database is sealed with a key that is not configured.
    """
    from holdfast_server.config.sealing import references, sealer_of
    from holdfast_server.db.keys import check_keys
    from holdfast_server.sealing import house

    section = config.house.sealing if config else None
    house.install(sealer_of(section, os.environ))
    for name in references(section):
        os.environ.pop(name, None)
    asyncio.run(check_keys(settings.database_url, house.sealer()))


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
    _install_keys(settings, config)
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
