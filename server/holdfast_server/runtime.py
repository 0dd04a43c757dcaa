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
from dataclasses import replace
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI
from uuid_utils.compat import uuid7

from holdfast_server.db.migrate import check_migrated
from holdfast_server.errors import ConfigError
from holdfast_server.settings import Settings
from holdfast_server.supervisor_watch import end_with_supervisor

if TYPE_CHECKING:
    from holdfast_server.config.app import AppConfig
    from holdfast_server.graphs.loader import LoadedGraphs

logger = logging.getLogger(__name__)


def api(settings: Settings) -> FastAPI:
    """The API; a rescuer beside it, so that runs are rescued while no worker is left to do it."""
    from holdfast_server.access.gatekeeper import OpenHouse
    from holdfast_server.api.app import make_app
    from holdfast_server.config.app import read_config
    from holdfast_server.workers.rescuer import Rescuer

    # The API needs no graphs: without a langgraph.json everything is as if it said nothing more.
    config = read_config(settings.config) if settings.config.is_file() else None
    return make_app(
        settings,
        companion=Rescuer,
        gatekeeper=OpenHouse(),
        webhooks=config.webhooks if config else None,
    )


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serves the API until SIGINT or SIGTERM."""
    end_with_supervisor()
    if not is_loopback(host):
        logger.warning("%s can be reached from outside and this version asks nobody who they are", host)
    asyncio.run(check_migrated(settings.database_url))
    app = api(settings)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
    _Server(config, app).run()


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

    if config.unknown_keys:
        logger.warning("%s: not used by Holdfast: %s", config.path, ", ".join(config.unknown_keys))
    loaded = load_graphs(config)
    for failure in loaded.failures.values():
        logger.error("%s", failure)
    return loaded


def work(settings: Settings) -> None:
    """Works until SIGINT or SIGTERM, which drain."""
    from holdfast_server.config.app import read_config
    from holdfast_server.workers.exits import contain_exits
    from holdfast_server.workers.worker import Worker

    end_with_supervisor()
    asyncio.run(check_migrated(settings.database_url))
    config = read_config(settings.config)
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
