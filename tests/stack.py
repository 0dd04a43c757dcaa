"""Real processes for tests: one API and any number of workers on one database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import sealed
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from psycopg.rows import DictRow

from holdfast_server.config.app import read_config
from holdfast_server.db.pool import Conn, connect
from holdfast_server.db.statements import statement
from holdfast_server.supervisor_watch import VARIABLE

# Connects a test to the tables as their owner, in the name of the tenant that everybody has.
SESSION = "-c search_path=holdfast,public -c holdfast.tenant=default"
APP = Path(__file__).parent / "app" / "langgraph.json"
_PATIENCE = 45.0
# What graphs of ours may see of the environment of the tests, beyond what their langgraph.json grants.
GRANTED = ("CHAOS_*", "TEST_APP_*")


@dataclass
class Process:
    """A child process with its log; every signal goes to this pid and to no other."""

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    told_to_end: bool = False

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def kill(self) -> None:
        """kill -9, and reap it."""
        self.told_to_end = True
        self.signal(signal.SIGKILL)
        self.popen.wait(10)

    def pause(self) -> None:
        """SIGSTOP: the process keeps its memory, its locks and its connections, and does nothing."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self.signal(signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, if the process is still there."""
        if self.alive:
            self.popen.send_signal(number)

    async def stop(self, grace: float = 25.0) -> int:
        """SIGTERM, then SIGKILL after `grace` seconds; answers the exit code. Safe twice."""
        self.told_to_end = True
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        if not await self.gone(grace):
            self.kill()
        return self.popen.wait()

    async def gone(self, patience: float) -> bool:
        """Waits for the process to end."""
        deadline = time.monotonic() + patience
        while self.alive and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return not self.alive

    def tail(self, lines: int = 40) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return f"--- {self.name} (pid {self.pid}, {self.popen.poll()}) ---\n" + "\n".join(text[-lines:])


@dataclass
class Stack:
    """An API process and its workers. Processes also end when the process that started them dies."""

    database_url: str
    config: Path
    environment: dict[str, str]
    port: int
    folder: Path
    granted: tuple[str, ...] = GRANTED
    wrapper: tuple[str, ...] = ()
    api: Process = field(init=False)
    workers: list[Process] = field(default_factory=list)
    more_apis: list[Process] = field(default_factory=list)

    @classmethod
    async def start(
        cls,
        database_url: str,
        *,
        workers: int = 1,
        pools: tuple[str, ...] = ("default",),
        env: Mapping[str, str] | None = None,
        config: Path = APP,
        granted: tuple[str, ...] = GRANTED,
        wrapper: tuple[str, ...] = (),
    ) -> Stack:
        """Starts everything; returns when the API answers, graphs are published and workers beat."""
        own = {"DATABASE_URL": database_url, VARIABLE: str(os.getpid()), "PYTHONFAULTHANDLER": "1"}
        if sealed.EVERYWHERE:
            config, own = sealed.sealed_app(config), own | sealed.ENV
        folder = Path(tempfile.mkdtemp(prefix="holdfast-stack-"))
        stack = cls(
            database_url, config, {**os.environ, **own, **(env or {})}, _free_port(), folder, granted, wrapper
        )
        try:
            stack.start_api()
            for pool in pools * workers:
                stack.start_worker(pool)
            await stack.ready()
        except BaseException:
            await stack.stop()
            raise
        return stack

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> LangGraphClient:
        """The official client; one for each event loop."""
        return get_client(url=self.url, api_key=None)

    def http(self, timeout: float = 30.0) -> httpx.AsyncClient:
        """A bare HTTP client, for what the official one hides."""
        return httpx.AsyncClient(base_url=self.url, timeout=timeout)

    def start_api(self) -> Process:
        """Starts the API on the port of this stack; `ready` waits for it."""
        self.api = self._spawn("api", "serve", "-c", str(self.config), "--port", str(self.port))
        return self.api

    def start_worker(self, pool: str = "default") -> Process:
        """Starts one more worker; `ready` waits for it."""
        passed = [option for name in self.granted for option in ("--pass-env", name)]
        name = f"worker-{len(self.workers) + 1}"
        worker = self._spawn(name, "worker", "-c", str(self.config), "--pool", pool, *passed)
        self.workers.append(worker)
        return worker

    async def add_api(self) -> str:
        """Starts one more API process on a port of its own and answers its URL."""
        port = _free_port()
        self.more_apis.append(self._spawn(f"api-{port}", "serve", "--port", str(port)))
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _PATIENCE
        async with httpx.AsyncClient(base_url=url, timeout=5) as http:
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await http.get("/ok")).status_code == 200:
                        return url
                assert time.monotonic() < deadline, f"another API does not come up\n{self.logs()}"
                await asyncio.sleep(0.05)

    async def add_worker(self) -> Process:
        """Starts one more worker and waits until it beats."""
        worker = self.start_worker()
        await self.ready()
        return worker

    async def ready(self) -> None:
        """Waits until the API answers, every graph is published or known as broken, every worker beats.

        Raises:
            AssertionError: it did not come to that; the logs are in the message.
        """
        deadline = time.monotonic() + _PATIENCE
        async with self.http(timeout=5) as http:
            while not await self._is_ready(http):
                dead = [p for p in [self.api, *self.workers] if not p.alive and not p.told_to_end]
                if time.monotonic() > deadline or dead:
                    raise AssertionError(f"the stack does not come up\n{self.logs()}")
                await asyncio.sleep(0.05)

    async def _is_ready(self, http: httpx.AsyncClient) -> bool:
        wanted = {spec.graph_id for spec in read_config(self.config).graphs} if self.workers else set()
        try:
            (await http.get("/ok")).raise_for_status()
            # Not through the API, which may ask who wants to know.
            async with await connect(self.database_url, name="stack", role="holdfast_system") as conn:
                graphs = {g["graph_id"] for g in await _all(conn, "list_graphs")}
                beating = {w["pid"] for w in await _all(conn, "list_workers") if w["alive"]}
        except (httpx.HTTPError, psycopg.Error):
            return False
        return wanted <= graphs and {w.pid for w in self.workers if w.alive} <= beating

    async def stop(self) -> None:
        """Stops every process, workers first; safe twice, safe on dead ones."""
        await asyncio.gather(*(process.stop() for process in [*self.workers, *self.more_apis]))
        if hasattr(self, "api"):
            await self.api.stop()

    def logs(self, lines: int = 40) -> str:
        """The ends of all logs, for the message of a failed test."""
        return "\n".join(p.tail(lines) for p in [self.api, *self.more_apis, *self.workers])

    def _spawn(self, name: str, *arguments: str) -> Process:
        log = self.folder / f"{name}.log"
        with log.open("ab") as sink:
            popen = subprocess.Popen(
                [*self.wrapper, sys.executable, "-m", "holdfast_server", *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        return Process(name, popen, log)


@asynccontextmanager
async def running(database_url: str, **options: Any) -> AsyncIterator[Stack]:
    """A stack for one test, stopped whatever happens; its logs are printed, so that pytest shows them."""
    stack = await Stack.start(database_url, **options)
    try:
        yield stack
    finally:
        with contextlib.suppress(Exception):
            print(stack.logs())
        await stack.stop()


async def _all(conn: Conn, name: str) -> list[DictRow]:
    return await (await conn.execute(statement(name), {"tenant": "default"})).fetchall()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
