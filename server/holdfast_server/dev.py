"""`holdfast dev`: PostgreSQL, API and workers under one Ctrl-C; a child that dies is started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
import httpx
from psycopg import Error

from holdfast_server.boundary.environment import EVERYTHING
from holdfast_server.config.app import AppConfig, read_config
from holdfast_server.config.entrance import Entrance
from holdfast_server.config.workers import DEFAULT
from holdfast_server.db.embedded import embedded_postgres, revive
from holdfast_server.db.migrate import migrate
from holdfast_server.db.pool import connect
from holdfast_server.db.statements import statement
from holdfast_server.listening import check_port
from holdfast_server.settings import Settings
from holdfast_server.supervisor_watch import VARIABLE

# A run that does not reach its next superstep in this time goes on from the last one at the next start.
_DRAIN = "2"
_GRACE = 8.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class Child:
    """One process that is kept alive."""

    name: str
    command: list[str]
    environment: dict[str, str]
    say: Callable[[str], None]
    process: asyncio.subprocess.Process | None = None
    stopping: bool = False
    _restarts: list[float] = field(default_factory=list)

    async def keep_alive(self) -> None:
        """Starts the process, and again whenever it dies, until `stop`."""
        while not self.stopping:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, env=self.environment, start_new_session=True
            )
            self.say(f"{self.name}: process {self.process.pid}")
            code = await self.process.wait()
            if not self.stopping:
                self.say(f"{self.name}: process {self.process.pid} ended with {code}; starting it again")
                # A worker that had its runs or its memory ends in order; that is no crash loop.
                await asyncio.sleep(self._pause() if code else 0)

    async def stop(self, grace: float = _GRACE) -> None:
        """SIGTERM, then SIGKILL when it does not obey; safe twice."""
        self.stopping = True
        process = self.process
        if process is None or process.returncode is not None:
            return
        for sign in (signal.SIGTERM, signal.SIGCONT):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(sign)
        try:
            await asyncio.wait_for(process.wait(), grace)
        except TimeoutError:
            self.say(f"{self.name}: does not stop; killed")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _pause(self) -> float:
        """No pause after a first death, up to five seconds in a crash loop."""
        now = time.monotonic()
        self._restarts = [t for t in self._restarts if t > now - 60] + [now]
        return 0.0 if len(self._restarts) < 2 else min(0.2 * 2 ** len(self._restarts), 5.0)


def run_dev(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Runs everything until SIGINT or SIGTERM.

    Raises:
        ConfigError: langgraph.json is wrong, or the data directory is in use.
        DatabaseError: PostgreSQL does not start or does not answer.
    """
    config = read_config(settings.config)
    Entrance.of(settings, config).check(host)
    check_port(host, port)
    # Until the loop runs a signal is only noted: one that arrives while PostgreSQL starts must not orphan it.
    told = threading.Event()
    for sign in _SIGNALS:
        signal.signal(sign, lambda *_: told.set())
    nursed = None
    with ExitStack() as stack:
        if not settings.database_url:
            nursed = settings.data_dir
            _say(f"starting PostgreSQL in {settings.data_dir}")
            url = stack.enter_context(embedded_postgres(settings.data_dir))
            settings = replace(settings, database_url=url)
        asyncio.run(_run(settings, config, told, host=host, port=port, workers=workers, nursed=nursed))
        _say("stopped")


async def _run(
    settings: Settings,
    config: AppConfig,
    told: threading.Event,
    *,
    host: str,
    port: int,
    workers: int,
    nursed: Path | None,
) -> None:
    stop = asyncio.Event()
    for sign in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    if told.is_set():
        return
    for name in await migrate(settings.database_url):
        _say(f"migrated the database: {name}")
    children = _children(settings, config, host=host, port=port, workers=workers)
    keeping = [asyncio.create_task(child.keep_alive()) for child in children]
    _introduce(Entrance.of(settings, config), nursed)
    ready = asyncio.create_task(
        _announce(config, settings.database_url, host=host, port=port, workers=len(children) - 1)
    )
    nursing = asyncio.create_task(_nurse(nursed)) if nursed else None
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([stopped, *keeping], return_when=asyncio.FIRST_COMPLETED)
    _say("stopping")
    ready.cancel()
    if nursing is not None:
        nursing.cancel()
    await asyncio.gather(*(child.stop() for child in children))
    await asyncio.gather(*keeping)


def _introduce(entrance: Entrance, data_dir: Path | None) -> None:
    """Says who may call, and how somebody becomes one of them."""
    _say(entrance.said())
    if entrance.keys:
        where = f" --data-dir {data_dir}" if data_dir is not None and data_dir != Settings().data_dir else ""
        _say(f"make a key: holdfast keys create --name me --role admin{where}")


def _children(settings: Settings, config: AppConfig, *, host: str, port: int, workers: int) -> list[Child]:
    environment = {"HOLDFAST_DRAIN": _DRAIN, **os.environ} | {
        "DATABASE_URL": settings.database_url,
        "HOLDFAST_DATABASE_URL": settings.database_url,
        VARIABLE: str(os.getpid()),
    }
    command, app = [sys.executable, "-m", "holdfast_server"], ["-c", str(config.path)]
    api = Child("api", [*command, "serve", *app, "--host", host, "--port", str(port)], environment, _say)
    # Whoever develops has keys in the shell and nobody to keep them from.
    working = [*command, "worker", *app, "--pass-env", EVERYTHING, "--pool"]
    return [
        api,
        *(Child(name, [*working, pool], environment, _say) for name, pool in _names(config, workers)),
    ]


def _names(config: AppConfig, workers: int) -> list[tuple[str, str]]:
    """Worker processes by name, each with its pool."""
    named = []
    for pool in config.pools:
        count = pool.processes or (workers if pool.name == DEFAULT else 1)
        prefix = "worker" if pool.name == DEFAULT else f"worker {pool.name}"
        named += [(f"{prefix} {n + 1}", pool.name) for n in range(count)]
    return named


async def _nurse(data_dir: Path) -> None:
    """Starts the embedded PostgreSQL again when somebody killed it."""
    while True:
        await asyncio.sleep(1.0)
        try:
            if await asyncio.to_thread(revive, data_dir):
                _say("PostgreSQL had died; started again")
        except Exception as error:
            _say(f"PostgreSQL has died and does not start: {error}")


async def _announce(config: AppConfig, database_url: str, *, host: str, port: int, workers: int) -> None:
    """Says when the API answers and every graph is either published or known to be broken."""
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{port}{config.http.mount_prefix}"
    wanted = {spec.graph_id for spec in config.graphs}
    graphs: dict[str, str | None] = {}
    alive = 0
    async with httpx.AsyncClient(base_url=base, timeout=2) as client:
        while not (wanted <= graphs.keys() and alive >= workers):
            await asyncio.sleep(0.1)
            with contextlib.suppress(httpx.HTTPError, Error):
                (await client.get("/ok")).raise_for_status()
                graphs, alive = await _published(database_url)
    _say(f"API     {base}")
    _say(f"docs    {base}/docs")
    _say(f"Studio  https://smith.langchain.com/studio/?baseUrl={base}")
    for graph_id in sorted(wanted):
        _say(f"graph   {graph_id}" + (f"  BROKEN: {graphs[graph_id]}" if graphs[graph_id] else ""))
    _say(
        "graphs see the variables of this shell, but not DATABASE_URL and HOLDFAST_*; in production only what"
    )
    _say("`env` and `holdfast.workers.pass_env` of langgraph.json grant")
    _say("ready; Ctrl-C stops everything")


async def _published(database_url: str) -> tuple[dict[str, str | None], int]:
    """The published graphs with their errors, and how many workers live; the API would ask who asks."""
    async with await connect(database_url, name="dev", role="holdfast_system", connect_timeout=5) as conn:
        graphs = await (await conn.execute(statement("list_graphs"))).fetchall()
        workers = await (await conn.execute(statement("list_workers"))).fetchall()
    return {g["graph_id"]: g["error"] for g in graphs}, sum(w["alive"] for w in workers)


def _say(line: str) -> None:
    click.echo(f"holdfast  {line}")
    sys.stdout.flush()
