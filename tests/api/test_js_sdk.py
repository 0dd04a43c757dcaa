"""LangGraph's JavaScript SDK against the running stack: each scene in tests/js/scenes, in two versions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet
from js.installed import node
from stack import Stack


def _scene(scene: str, *behaviours: str) -> ParameterSet:
    return pytest.param(scene, marks=pytest.mark.behaviour(*behaviours))


SCENES = [
    _scene("assistants", "js.assistants"),
    _scene("threads", "js.threads", "history.before-in-three-forms"),
    _scene("runs", "js.runs", "js.run-created", "js.query-lists"),
    _scene("joining", "js.join-stream", "js.reconnects"),
    _scene("questions", "js.questions"),
    _scene("errors", "js.errors"),
    _scene("stateless", "js.stateless", "runs.stateless.stream-without-thread"),
]


@pytest.mark.parametrize("sdk", ["sdk-1-12", "sdk-1-15"])
@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_of_the_sdk(js: Path, stack: Stack, sdk: str, scene: str) -> None:
    command = [node(), str(js / "run.mjs"), sdk, scene, stack.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
