"""The wiring: which parts make an API process, and which a worker process.

Each imports only its own parts: the API starts in a fraction of a worker's time and never loads LangGraph.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp
from uuid_utils.compat import uuid7

from holdfast_server.db.migrate import check_migrated
from holdfast_server.errors import GraphLoadError
from holdfast_server.given import given, keep
from holdfast_server.listening import Listening
from holdfast_server.settings import Settings
from holdfast_server.supervisor_watch import end_with_supervisor
from holdfast_server.telemetry import keep_quiet

if TYPE_CHECKING:
    from holdfast_server.boundary.handover import Handover
    from holdfast_server.config.app import AppConfig
    from holdfast_server.config.workers import WorkerPool
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
    from holdfast_server.config.entrance import Entrance
    from holdfast_server.config.http import Cors, HttpConfig
    from holdfast_server.config.webhooks import Webhooks
    from holdfast_server.custom.code import load_user_code
    from holdfast_server.workers.rescuer import Rescuer

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
            visitors=Visitors(is_open, all_hosts(listening.host, door.allowed_hosts), cors),
            trusted_proxies=(*door.trusted_proxies, *listening.trusted_proxies),
            headers=door.headers,
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


def serve(settings: Settings, config: AppConfig | None, listening: Listening) -> None:
    """Serves the API until SIGINT or SIGTERM.

    Raises:
        ConfigError: strangers could call unasked; or user code, or the certificate, does not load.
    """
    from holdfast_server.config.entrance import Entrance

    entrance = Entrance.of(settings, config)
    entrance.check(listening.host)
    logger.info("%s", entrance.said())
    end_with_supervisor()
    config = _masked(settings, config)
    if config is not None:
        _warn_of_unused(config)
    asyncio.run(check_migrated(settings.database_url))
    _install_keys(settings, config)
    process = api(settings, config, listening)
    _Server(listening.server(process.asgi, settings), process.app).run()


def _masked(settings: Settings, config: AppConfig | None) -> AppConfig | None:
    """The config with its references resolved; from here on this process says nothing that is secret.

    Raises:
        ConfigError: a reference does not resolve.
    """
    from holdfast_server.secrets.environment import learn_environment, prepared
    from holdfast_server.secrets.secrets import hide_variables

    _mask_speech(settings)
    learn_environment({**given(), **(config.env if config else {})})
    if config is None:
        return None
    if config.auth or config.http.app:
        # Without code of the user's nobody here needs a value.
        config, _ = prepared(config, headers=False)
    hide_variables(config)
    return config


def _mask_speech(settings: Settings) -> None:
    from holdfast_server.masking.speech import mask_speech
    from holdfast_server.secrets.environment import learn_environment

    mask_speech()
    learn_environment({"DATABASE_URL": settings.database_url})


class _Server(uvicorn.Server):
    """Ends open streams before it waits for connections; their clients reconnect."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if (backend := getattr(self._app.state, "backend", None)) is not None:
            backend.hub.close()
        await super().shutdown(sockets)


def load(config: AppConfig, dropped: Sequence[str] = ()) -> LoadedGraphs:
    """Loads the graphs and says in the log which of them are broken.

    Args:
        dropped: variables that user code may miss; an error that speaks of one says how to grant it.
    """
    from holdfast_server.boundary.environment import with_advice
    from holdfast_server.graphs.loader import load_graphs

    _warn_of_unused(config)
    loaded = load_graphs(config)
    for graph_id, failure in loaded.failures.items():
        loaded.failures[graph_id] = GraphLoadError(with_advice(str(failure), dropped))
        logger.error("%s", loaded.failures[graph_id])
    return loaded


def _install_keys(settings: Settings, config: AppConfig | None) -> None:
    """Makes the sealer of this process; user code, which comes later, finds no key in the environment.

    Raises:
        ConfigError: a key is missing or is none.
        DatabaseError: the database is sealed with a key that is not configured.
    """
    from holdfast_server.db.keys import check_keys
    from holdfast_server.sealing import house
    from holdfast_server.secrets.keys import sealer_for

    house.install(sealer_for(config))
    asyncio.run(check_keys(settings.database_url, house.sealer()))


def _warn_of_unused(config: AppConfig) -> None:
    if config.unknown_keys:
        logger.warning("%s: not used by Holdfast: %s", config.path, ", ".join(config.unknown_keys))


def _warn_of_dropped(dropped: Sequence[str]) -> None:
    from holdfast_server.boundary.environment import how_to_grant, keys_among

    if keys := keys_among(dropped):
        logger.warning("set here and not passed to graphs: %s; %s", ", ".join(keys), how_to_grant(keys))


def work(handover: Handover) -> None:
    """Works until SIGINT or SIGTERM, which drain. The process has crossed the boundary.

    Raises:
        ConfigError: langgraph.json cannot be used, or this machine does not take its limits.
    """
    from holdfast_server.boundary.hardening import harden
    from holdfast_server.boundary.limits import take

    settings, config, pool = _across(handover)
    harden(debuggable=pool.debuggable)
    end_with_supervisor()
    _mask_speech(settings)
    take(pool.limits, pool=pool.name)
    from holdfast_server.masking.masker import MASKER
    from holdfast_server.secrets.environment import prepared
    from holdfast_server.secrets.provider import HOUSE
    from holdfast_server.secrets.secrets import hide_variables
    from holdfast_server.secrets.tenant import TenantSecrets
    from holdfast_server.workers.exits import contain_exits
    from holdfast_server.workers.warden import check_room
    from holdfast_server.workers.worker import Worker
    from holdfast_tools.secrets import use_secrets

    asyncio.run(check_migrated(settings.database_url))
    _install_keys(settings, config)
    config, secrets = prepared(config)
    hide_variables(config)
    MASKER.in_json = True
    # Headers may name what only langgraph.json's `env` sets.
    headers = config.webhooks.headers_from({**given(), **config.env})
    webhooks = replace(config.webhooks, headers=headers)
    _warn_of_dropped(handover.dropped)
    with use_secrets(TenantSecrets(secrets, HOUSE)):
        loaded = load(config, handover.dropped)
    check_room(pool.limits.memory)
    worker = Worker(
        settings,
        worker_id=uuid7(),
        loaded=loaded,
        webhooks=webhooks,
        secrets=secrets,
        limits=pool.limits,
    )

    async def main() -> None:
        loop = asyncio.get_running_loop()
        contain_exits(loop)
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, worker.stop)
        await worker.run()

    asyncio.run(main())


def inspect(handover: Handover) -> dict[str, str | None]:
    """Loads graphs as a worker would; why each does not load, None when it does."""
    from holdfast_server.secrets.environment import prepared
    from holdfast_server.secrets.provider import HOUSE
    from holdfast_server.secrets.tenant import TenantSecrets
    from holdfast_tools.secrets import use_secrets

    _, config, _ = _across(handover)
    config, secrets = prepared(config)
    with use_secrets(TenantSecrets(secrets, HOUSE)):
        loaded = load(config, handover.dropped)
    return {spec.graph_id: _text_of(loaded.failures.get(spec.graph_id)) for spec in config.graphs}


def _across(handover: Handover) -> tuple[Settings, AppConfig, WorkerPool]:
    """What was handed over: settings, and langgraph.json as it is for this pool."""
    from holdfast_server.config.app import read_config
    from holdfast_server.db.conninfo import pinned

    keep(handover.given)
    settings = Settings.from_environment(**{**handover.options, "config": Path(handover.options["config"])})
    settings = replace(settings, database_url=pinned(settings.database_url, handover.given))
    config = read_config(settings.config)
    pool = config.pool(settings.pool)
    # Not read again: a file of variables may lean on some that are gone by now.
    return settings, replace(config.of_pool(pool), env=handover.env), pool


def _text_of(failure: Exception | None) -> str | None:
    return None if failure is None else str(failure)
