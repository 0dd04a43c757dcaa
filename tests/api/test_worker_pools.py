"""Worker pools: what graph code sees of its process, of other pools and of the house."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from stack import Stack

APP = Path(__file__).parents[1] / "pools_app" / "langgraph.json"
SHELL = {
    "GRANTED_WORD": "granted",
    "OPENAI_API_KEY": "sk-not-for-everybody",
    "HOLDFAST_CONCURRENCY": "7",
    "SOMETHING_ELSE": "secret too",
    "LANGGRAPH_STRICT_MSGPACK": "false",
}
# Whoever is root may look everywhere; neither the house nor the spy shall be, whoever runs the tests. One
# privilege stays, with which root reaches the socket of PostgreSQL (CAP_DAC_OVERRIDE).
WITHOUT_PRIVILEGES = (
    sys.executable,
    "-c",
    "import ctypes, os, sys\nfor n in {*range(64)} - {1}: ctypes.CDLL(None).prctl(24, n, 0, 0, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])",
)


@pytest.fixture(scope="module")
def pooled(template: str) -> Iterator[Stack]:
    """An API with a worker of each of two pools, started from a shell full of secrets."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_pools template house")
    url = template.replace("/postgres?", "/house_pools?")
    pools = ("default", "finance", "hungry")
    how: Any = {"pools": pools, "env": SHELL, "granted": (), "wrapper": WITHOUT_PRIVILEGES}
    stack = asyncio.run(Stack.start(url, config=APP, **how))
    yield stack
    print(stack.logs())
    asyncio.run(stack.stop())


async def seen_by(stack: Stack, graph_id: str) -> dict[str, Any]:
    async with stack.client() as client:
        values: Any = await client.runs.wait(None, graph_id, input={})
    found: dict[str, Any] = values["seen"]
    return found


async def test_a_graph_sees_what_was_granted_and_nothing_of_ours(pooled: Stack) -> None:
    seen = await seen_by(pooled, "look")
    environ = seen["environ"]
    assert (environ["EVERYBODY"], environ["GRANTED_WORD"]) == ("sees this", "granted")
    assert environ["PATH"] == os.environ["PATH"]
    assert not {"DATABASE_URL", "OPENAI_API_KEY", "SOMETHING_ELSE"} & environ.keys()
    assert not [name for name in environ if name.startswith("HOLDFAST_")]


async def test_the_kernel_remembers_no_other_environment(pooled: Stack) -> None:
    seen = await seen_by(pooled, "look")
    if seen["initial"] is not None:
        initial = dict(line.split("=", 1) for line in seen["initial"] if line)
        assert initial == seen["environ"], "os.environ is what the process began with"
    assert not [word for word in seen["command"] if "postgres" in word], "its command line is public"
    assert seen["memfds"] == [], "what was handed over is not left lying about"


async def test_the_house_still_has_its_settings(pooled: Stack) -> None:
    async with pooled.http() as http:
        workers = (await http.get("/holdfast/workers")).json()
    assert {(w["pool"], w["concurrency"]) for w in workers} == {("default", 7), ("finance", 7), ("hungry", 7)}
    assert {w["pool"]: w["graphs"] for w in workers}["finance"] == ["ledger"]


async def test_the_users_code_in_the_api_sees_nothing_of_ours_either(pooled: Stack) -> None:
    async with pooled.http() as http:
        environ = (await http.get("/environ")).json()
    assert environ["EVERYBODY"] == "sees this"
    assert environ["OPENAI_API_KEY"] == SHELL["OPENAI_API_KEY"], "nobody's graph runs there"
    assert not [name for name in environ if name == "DATABASE_URL" or name.startswith("HOLDFAST_")]


async def test_a_pool_has_its_own_variables_on_top(pooled: Stack) -> None:
    finance, others = await seen_by(pooled, "ledger"), await seen_by(pooled, "look")
    assert (finance["environ"]["BANK_KEY"], finance["environ"]["EVERYBODY"]) == ("iban", "finance")
    assert "BANK_KEY" not in others["environ"]


async def test_code_of_one_pool_is_never_imported_in_another(pooled: Stack) -> None:
    finance, others = await seen_by(pooled, "ledger"), await seen_by(pooled, "look")
    assert finance["pid"] != others["pid"]
    assert (finance["modules"], others["modules"]) == (["ledger", "sight"], ["look", "sight"])


async def test_a_worker_is_strict_whatever_its_environment_says(pooled: Stack) -> None:
    for graph_id in ("look", "ledger"):
        seen = await seen_by(pooled, graph_id)
        assert (seen["strict"], seen["environ"]["LANGGRAPH_STRICT_MSGPACK"]) == (True, "true")


async def test_a_pool_has_its_limits(pooled: Stack) -> None:
    finance, others = await seen_by(pooled, "ledger"), await seen_by(pooled, "look")
    assert (finance["cpus"], finance["nice"], finance["files"]) == (1, 3, [512, 512])
    assert (others["cpus"], others["nice"]) == (len(os.sched_getaffinity(0)), 0)
    assert (finance["core"], finance["umask"]) == ([0, 0], 0o077)


async def test_any_pool_answers_for_its_graphs_and_for_the_store(pooled: Stack) -> None:
    async with pooled.client() as client:
        for graph_id in ("look", "ledger"):
            thread = await client.threads.create()
            await client.runs.wait(thread["thread_id"], graph_id, input={})
            state: Any = await client.threads.get_state(thread["thread_id"])
            assert state["values"]["seen"]
            assert len(await client.threads.get_history(thread["thread_id"])) == 3
        await client.store.put_item(["pools"], "k", {"v": 1})
        item = await client.store.get_item(["pools"], key="k")
        assert item["value"] == {"v": 1}


SPY = """
import json, sys
found = {}
for pid in sys.argv[1:]:
    for name in ("environ", "mem", "maps", "fd/0"):
        try:
            open(f"/proc/{pid}/{name}", "rb").close()
            found[f"{pid} {name}"] = "open"
        except OSError as error:
            found[f"{pid} {name}"] = type(error).__name__
print(json.dumps(found))
"""


def spied(*pids: int) -> dict[str, str]:
    """What another process of the same user gets to see of these."""
    command = [*WITHOUT_PRIVILEGES, sys.executable, "-c", SPY, *map(str, pids)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no /proc")
def test_no_other_process_of_the_user_looks_into_a_worker_or_the_api(pooled: Stack) -> None:
    command = [*WITHOUT_PRIVILEGES, sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as careless:
        assert careless.stdout is not None
        careless.stdout.readline()
        assert set(spied(careless.pid).values()) == {"open"}, "the spy looks into one that is not closed"
        careless.communicate(b"\n")
    found = spied(pooled.api.pid, *(worker.pid for worker in pooled.workers))
    assert set(found.values()) == {"PermissionError"}, found


def test_the_doctor_names_a_pool_that_nobody_serves(pooled: Stack) -> None:
    command = [sys.executable, "-m", "holdfast_server", "doctor", "-c", str(APP.with_name("hungry.json"))]
    found = subprocess.run(command, env=pooled.environment, capture_output=True, text=True, check=False)
    assert "BAD  pool         'brief' has no worker" in found.stdout, found.stdout
    assert "start `holdfast worker --pool brief`" in found.stdout
    assert "'default' has no worker" not in found.stdout
