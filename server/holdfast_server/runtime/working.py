"""The wiring of a worker process, on the other side of the boundary."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from uuid_utils.compat import uuid7

from holdfast_server.boundary.environment import how_to_grant, keys_among, with_advice
from holdfast_server.boundary.handover import Handover
from holdfast_server.boundary.hardening import harden
from holdfast_server.boundary.limits import take
from holdfast_server.config.app import AppConfig, read_config
from holdfast_server.config.workers import WorkerPool
from holdfast_server.db.conninfo import pinned
from holdfast_server.db.migrate import check_migrated
from holdfast_server.errors import GraphLoadError
from holdfast_server.given import given, keep
from holdfast_server.masking.masker import MASKER
from holdfast_server.runtime.preparing import install_keys, mask_speech, warn_of_unused
from holdfast_server.secrets.environment import prepared
from holdfast_server.secrets.provider import HOUSE
from holdfast_server.secrets.secrets import Secrets, hide_variables
from holdfast_server.secrets.tenant import TenantSecrets
from holdfast_server.settings import Settings
from holdfast_server.supervisor_watch import end_with_supervisor
from holdfast_tools.secrets import use_secrets

if TYPE_CHECKING:
    from holdfast_server.graphs.loader import LoadedGraphs

logger = logging.getLogger(__name__)


def work(handover: Handover) -> None:
    """Works until SIGINT or SIGTERM, which drain. The process has crossed the boundary.

    Raises:
        ConfigError: langgraph.json cannot be used, or this machine does not take its limits.
    """
    settings, config, pool = _across(handover)
    harden(debuggable=pool.debuggable)
    end_with_supervisor()
    mask_speech(settings)
    # Before LangGraph and graphs take their share.
    take(pool.limits, pool=pool.name)
    from holdfast_server.workers.exits import contain_exits
    from holdfast_server.workers.warden import check_room
    from holdfast_server.workers.worker import Worker

    asyncio.run(check_migrated(settings.database_url))
    install_keys(settings, config)
    config, secrets = prepared(config)
    hide_variables(config)
    MASKER.in_json = True
    # Headers may name what only langgraph.json's `env` sets.
    headers = config.webhooks.headers_from({**given(), **config.env})
    _warn_of_dropped(handover.dropped)
    loaded = _loaded(config, secrets, handover.dropped)
    check_room(pool.limits.memory)
    worker = Worker(
        settings,
        worker_id=uuid7(),
        loaded=loaded,
        webhooks=replace(config.webhooks, headers=headers),
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
    _, config, _ = _across(handover)
    config, secrets = prepared(config)
    failures = _loaded(config, secrets, handover.dropped).failures
    return {spec.graph_id: _text_of(failures.get(spec.graph_id)) for spec in config.graphs}


def _across(handover: Handover) -> tuple[Settings, AppConfig, WorkerPool]:
    """What was handed over: settings, and langgraph.json as it is for this pool."""
    keep(handover.given)
    settings = Settings.from_environment(**{**handover.options, "config": Path(handover.options["config"])})
    settings = replace(settings, database_url=pinned(settings.database_url, handover.given))
    config = read_config(settings.config)
    pool = config.pool(settings.pool)
    # Not read again: a file of variables may lean on some that are gone by now.
    return settings, replace(config.of_pool(pool), env=handover.env), pool


def _loaded(config: AppConfig, secrets: Secrets, dropped: Sequence[str]) -> LoadedGraphs:
    """The graphs; the log says which of them are broken, and how to grant a variable that they missed."""
    from holdfast_server.graphs.loader import load_graphs

    warn_of_unused(config)
    with use_secrets(TenantSecrets(secrets, HOUSE)):
        loaded = load_graphs(config)
    for graph_id, failure in loaded.failures.items():
        loaded.failures[graph_id] = GraphLoadError(with_advice(str(failure), dropped))
        logger.error("%s", loaded.failures[graph_id])
    return loaded


def _warn_of_dropped(dropped: Sequence[str]) -> None:
    if keys := keys_among(dropped):
        logger.warning("set here and not passed to graphs: %s; %s", ", ".join(keys), how_to_grant(keys))


def _text_of(failure: Exception | None) -> str | None:
    return None if failure is None else str(failure)
