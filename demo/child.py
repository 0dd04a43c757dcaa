"""A child: a process of ours with a log, which never outlives the block that started it."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ctrl_c import held_back
from errors import DemoError

# `holdfast dev` gives its own children 25 s.
GRACE_SECONDS = 40.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Child:
    """A running process, and the file with all that it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def lines(self, *, until: str, seconds: float) -> Iterator[str]:
        """What it prints, as it comes, up to the line that contains `until`.

        Raises:
            DemoError: it ended, or did not print that line in time.
        """
        deadline, seen = time.monotonic() + seconds, 0
        while True:
            ended = self.process.poll()
            for line in self._whole_lines()[seen:]:
                seen += 1
                yield line
                if until in line:
                    return
            if ended is not None:
                raise DemoError(f"{self.name} ended with code {ended} before it said {until!r}")
            if time.monotonic() > deadline:
                raise DemoError(f"{self.name} did not say {until!r} within {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Ask it to end, as Ctrl-C does, and wait until it has."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise DemoError(f"{self.name} did not stop within {GRACE_SECONDS:.0f} s and was killed") from None

    def _whole_lines(self) -> list[str]:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return text[: text.rfind("\n") + 1].splitlines()


@contextmanager
def started(
    name: str, command: Sequence[str], *, folder: Path, log: Path, environment: Mapping[str, str]
) -> Iterator[Child]:
    """Start a process in `folder` and stop it when the block ends, however it ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A Ctrl-C in the terminal is for the demo, which then stops its children in order.
            start_new_session=True,
        )
    child = Child(name, process, log)
    try:
        yield child
    finally:
        with held_back():
            child.stop()
