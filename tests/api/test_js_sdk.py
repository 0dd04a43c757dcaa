"""LangGraph's JavaScript SDK against the running stack: each scene in tests/js/scenes, in two versions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from js.installed import node
from stack import Stack

SCENES = [
    pytest.param("assistants", marks=pytest.mark.behaviour("js.assistants")),
    pytest.param("threads", marks=pytest.mark.behaviour("js.threads", "history.before-in-three-forms")),
    pytest.param("runs", marks=pytest.mark.behaviour("js.runs", "js.run-created", "js.query-lists")),
    pytest.param("joining", marks=pytest.mark.behaviour("js.join-stream", "js.reconnects")),
    pytest.param("questions", marks=pytest.mark.behaviour("js.questions")),
    pytest.param("errors", marks=pytest.mark.behaviour("js.errors")),
    pytest.param("stateless", marks=pytest.mark.behaviour("js.stateless", "runs.stateless.stream-without-thread")),
]  # fmt: skip


@pytest.mark.parametrize("sdk", ["sdk-1-12", "sdk-1-15"])
@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_of_the_sdk(stack: Stack, js: Path, sdk: str, scene: str) -> None:
    command = [node(), str(js / "run.mjs"), sdk, scene, stack.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
