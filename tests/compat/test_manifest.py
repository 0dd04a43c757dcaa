"""The manifest and the tests know each other: no claim without a proof, no proof without a claim."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from compat.collected import TESTS
from compat.manifest import Behaviour, behaviours, faults

GOOD = Behaviour("a.b", "facts 0.1", "It is so.")


def test_every_behaviour_is_proved_and_every_proof_is_listed() -> None:
    command = [sys.executable, "-m", "compat.collected"]
    path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, cwd=TESTS.parent, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 0, done.stderr
    assert faults(behaviours(), json.loads(done.stdout)) == []


@pytest.mark.parametrize(
    ("listed", "proved", "fault"),
    [
        ([GOOD], {}, "a.b is listed and no test proves it"),
        ([], {"a.b": ["test_x.py::test_y"]}, "a.b is named by test_x.py::test_y and not listed"),
        ([GOOD, GOOD], {"a.b": ["t"]}, "a.b is listed twice"),
        ([Behaviour("a.b", "facts", " ")], {"a.b": ["t"]}, "a.b has no sentence"),
        ([Behaviour("a.b", "", "It is so.")], {"a.b": ["t"]}, "a.b has no source"),
    ],
)
def test_a_fault_of_the_manifest_is_told(
    listed: list[Behaviour], proved: dict[str, list[str]], fault: str
) -> None:
    assert faults(listed, proved) == [fault]


def test_files_are_read_together(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text('["a.b"]\nsource = "facts 0.1"\nsentence = "It is so."\n')
    assert behaviours(tmp_path) == [GOOD, GOOD]
