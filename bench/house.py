"""A served house for the benchmarks: `holdfast dev` on a given database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = Path(__file__).parent / "app" / "langgraph.json"


@contextmanager
def served(database_url: str, *, workers: int) -> Iterator[str]:
    """Yields the URL of an API with workers; everything is stopped afterwards."""
    port = _free_port()
    command = [sys.executable, "-m", "holdfast_server", "dev", "-c", str(CONFIG), "--port", str(port)]
    command += ["--workers", str(workers), "--database-url", database_url]
    with tempfile.TemporaryFile("w+") as log:
        dev = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            _wait_until_ready(dev, log.fileno())
            yield f"http://127.0.0.1:{port}"
        finally:
            dev.send_signal(signal.SIGINT)
            dev.wait(40)


def _wait_until_ready(dev: subprocess.Popen[bytes], log: int) -> None:
    deadline = time.monotonic() + 60
    while b"ready;" not in (text := os.pread(log, 1 << 20, 0)):
        if dev.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"holdfast dev does not come up:\n{text.decode(errors='replace')}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
