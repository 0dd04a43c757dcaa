"""`holdfast dev` as a process of a test, with all that it says."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

_PATIENCE = 90.0


@dataclass(frozen=True)
class Dev:
    """A running `holdfast dev`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def output(self) -> str:
        """What it and its children said so far."""
        return self.log.read_text(errors="replace")

    def client(self) -> LangGraphClient:
        """The official client."""
        return get_client(url=f"http://127.0.0.1:{self.port}", api_key=None)

    def until_it_says(self, words: str) -> str:
        """Waits for these words; answers everything that was said.

        Raises:
            AssertionError: they do not come.
        """
        deadline = time.monotonic() + _PATIENCE
        while words not in self.output:
            assert time.monotonic() < deadline, f"no {words!r} in:\n{self.output}"
            assert self.process.poll() is None, self.output
            time.sleep(0.05)
        return self.output

    def pids(self, name: str = "") -> list[int]:
        """Processes that it started, dead or alive, in order; of one name, or all."""
        return [int(pid) for pid in re.findall(rf"^holdfast  {name}.*: process (\d+)$", self.output, re.M)]


@contextmanager
def developing(config: Path, folder: Path, database_url: str, **env: str) -> Iterator[Dev]:
    """`holdfast dev` on a database that is there, stopped whatever happens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = folder / "dev.log"
    command = [sys.executable, "-m", "holdfast_server", "dev", "-c", str(config), "--port", str(port)]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "DATABASE_URL": database_url, **env},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    dev = Dev(process, port, log)
    try:
        dev.until_it_says("ready; Ctrl-C")
        yield dev
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
