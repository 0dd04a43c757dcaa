"""`holdfast worker` and `holdfast doctor` with pools and limits: what is wrong is one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

GRAPH = """
from typing import TypedDict
from langgraph.graph import START, StateGraph
graph = StateGraph(TypedDict("S", {"x": int})).add_node("n", lambda s: s).add_edge(START, "n").compile()
"""
PICKY = "import os, sys\nassert 'fine' not in sys.modules\nos.environ['OPENAI_API_KEY']\n" + GRAPH


def written(folder: Path, graphs: Sequence[str], **workers: Any) -> None:
    (folder / "fine.py").write_text(GRAPH)
    (folder / "picky.py").write_text(PICKY)
    (folder / "dies.py").write_text("import os\nos._exit(3)\n")
    named = {
        name: f"{'./' if name != 'fine' else ''}{name}{'.py' if name != 'fine' else ''}:graph"
        for name in graphs
    }
    config = {"dependencies": ["."], "graphs": named, "holdfast": {"workers": workers}}
    (folder / "langgraph.json").write_text(json.dumps(config))


def holdfast(folder: Path, database: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs a command that is expected to end."""
    return subprocess.run(
        [sys.executable, "-m", "holdfast_server", *arguments],
        cwd=folder,
        env={**os.environ, "DATABASE_URL": database, **env},
        text=True,
        capture_output=True,
        timeout=90,
        check=False,
    )


@pytest.mark.parametrize(
    ("workers", "arguments", "words"),
    [
        ({}, ["--pool", "finanze"], "has no worker pool 'finanze'"),
        ({"pools": {"p": {"graphs": ["fine"]}}}, [], "every graph is in another worker pool than 'default'"),
        ({"memory": "60MB"}, [], "before its first run, and its limit is 60 MB; raise memory"),
        ({"cpus": [4095]}, [], 'does not take the limits of worker pool "default"'),
        ({}, ["--handover", "77"], "--handover 77 holds nothing"),
    ],
)
def test_a_worker_that_cannot_work_says_why_and_ends(
    database: str, tmp_path: Path, workers: Any, arguments: list[str], words: str
) -> None:
    written(tmp_path, ["fine"], **workers)
    ended = holdfast(tmp_path, database, "worker", *arguments)
    assert ended.returncode == 2
    assert ended.stderr.startswith("holdfast: "), "one line, no trace"
    assert words in ended.stderr


def test_the_doctor_loads_each_pool_as_its_worker_would(database: str, tmp_path: Path) -> None:
    written(tmp_path, ["fine", "picky"], pools={"keys": {"graphs": ["picky"]}})
    found = holdfast(tmp_path, database, "doctor", OPENAI_API_KEY="sk-1")
    assert found.returncode == 1
    assert "ok   graph        fine loads" in found.stdout
    assert "OPENAI_API_KEY is set here and not passed to graphs: grant with" in found.stdout
    assert "do not see OPENAI_API_KEY" in found.stdout

    written(tmp_path, ["fine", "picky"], pools={"keys": {"graphs": ["picky"], "pass_env": ["OPENAI_*"]}})
    found = holdfast(tmp_path, database, "doctor", OPENAI_API_KEY="sk-1")
    assert (found.returncode, "picky loads in pool 'keys'" in found.stdout) == (0, True), found.stdout


def test_the_doctor_outlives_a_graph_that_ends_its_process(database: str, tmp_path: Path) -> None:
    written(tmp_path, ["fine", "dies"], pools={"q": {"graphs": ["dies"]}})
    found = holdfast(tmp_path, database, "doctor")
    assert "loading those of pool 'q' ended the process" in found.stdout
    assert "ok   graph        fine loads" in found.stdout


def test_a_worker_that_is_told_to_stop_while_it_starts_stops(database: str, tmp_path: Path) -> None:
    written(tmp_path, ["fine"])
    command = [sys.executable, "-m", "holdfast_server", "worker"]
    started = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "DATABASE_URL": database})
    started.send_signal(signal.SIGTERM)
    assert started.wait(30) in (0, -signal.SIGTERM)
