"""Limits of a worker: who eats too much ends alone, and `holdfast dev` goes on."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from chaos.dev import Dev, developing
from chaos.watch import until

APP = Path(__file__).parents[1] / "pools_app" / "hungry.json"


@pytest.fixture(scope="module")
def dev(template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """A developer's shell with a key in it, and a worker that may take 700 MB."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_limits template house")
    url = template.replace("/postgres?", "/house_limits?")
    shell = {"OPENAI_API_KEY": "sk-of-the-developer", "HOLDFAST_MAX_ATTEMPTS": "2"}
    with developing(APP, tmp_path_factory.mktemp("dev"), url, **shell) as dev:
        yield dev
        print(dev.output[-6000:])


async def test_dev_passes_the_shell_but_what_is_ours_and_says_so(dev: Dev) -> None:
    assert "graphs see the variables of this shell, but not DATABASE_URL and HOLDFAST_*" in dev.output
    values: Any = await dev.client().runs.wait(None, "look", input={})
    environ = values["seen"]["environ"]
    # The graph has it; what it tells of it is masked.
    assert environ["OPENAI_API_KEY"].startswith("[secret:OPENAI_API")
    assert not [name for name in environ if name == "DATABASE_URL" or name.startswith("HOLDFAST_")]


async def test_dev_starts_the_processes_of_every_pool(dev: Dev) -> None:
    assert re.findall(r"^holdfast  (worker.*): process", dev.output, re.M)[:3] == [
        "worker 1", "worker brief 1", "worker brief 2",
    ]  # fmt: skip


async def test_a_worker_that_had_its_runs_is_started_afresh(dev: Dev) -> None:
    client = dev.client()
    began_with = set(dev.pids("worker brief"))
    served = set()
    for _ in range(8):
        values: Any = await client.runs.wait(None, "look", input={})
        served.add(values["seen"]["pid"])
    assert len(served) >= 3, "no process did more than its runs"
    assert served - began_with
    assert "runs are done: the worker drains and ends" in dev.output
    assert re.search(r"worker brief \d: process \d+ ended with 0; starting it again", dev.output)


async def test_what_is_too_much_at_once_is_an_error_of_its_run(dev: Dev) -> None:
    client = dev.client()
    (worker,) = dev.pids("worker 1")
    ate: Any = await client.runs.wait(None, "hog", input={"at_once": 3000}, raise_error=False)
    assert ate["__error__"]["error"] == "MemoryError"
    rested: Any = await client.runs.wait(None, "neighbour", input={"rests": 1})
    assert (rested["rested"], dev.pids("worker 1")) == (1, [worker]), "nobody else noticed"


async def test_who_eats_little_by_little_ends_and_its_neighbour_goes_on(dev: Dev) -> None:
    client = dev.client()
    beside = asyncio.create_task(client.runs.wait(None, "neighbour", input={"rests": 60}))
    ate: Any = await client.runs.wait(None, "hog", input={"bites": 200}, raise_error=False)
    assert ate["__error__"]["error"] == "WorkerLost"
    rested: Any = await beside
    assert rested["rested"] == 60
    assert "ended with 75; starting it again" in dev.output
    assert re.search(r"7\d\d MB memory are used of 700 MB: the process ends; runs in hand", dev.output)


# The last one: nothing is left after it.
async def test_who_kills_dev_leaves_no_process_behind(dev: Dev) -> None:
    dev.process.kill()
    dev.process.wait()
    await until(lambda: not any(_lives(pid) for pid in dev.pids()))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
