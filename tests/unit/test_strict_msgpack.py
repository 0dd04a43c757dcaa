"""The serialiser is strict in every process that imports anything of the server."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import holdfast_server
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.memory import InMemorySaver

saver = InMemorySaver()
assert saver.with_allowlist([("a", "b")]) is not saver, "not strict: clones are only made in strict mode"
"""


def test_importing_the_server_first_makes_langgraph_strict() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_environment_that_says_otherwise_does_not_count() -> None:
    lax = {**os.environ, "LANGGRAPH_STRICT_MSGPACK": "false"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=lax, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
