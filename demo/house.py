"""The house: `holdfast dev` as a user starts it, with a rehearsal model when there is no key."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from child import Child, started
from errors import DemoError
from folder import DEV_LOG, emptied
from repository import ROOT
from voice import Voice

WORKERS = 2
MODEL = "openai:gpt-5-mini"
START_SECONDS = 120.0
# Long enough to see the call, kill its worker and watch.
SCREENING_SECONDS = "2.0"


@dataclass(frozen=True)
class House:
    """A running Holdfast: where its API is, and where its agent records payments."""

    url: str
    payments: Path
    rehearsed: bool

    @property
    def model(self) -> str:
        """The model in words."""
        return "a rehearsal" if self.rehearsed else os.environ.get("INVOICE_REVIEW_MODEL", MODEL)


@contextmanager
def open_house(folder: Path, voice: Voice) -> Iterator[House]:
    """Start everything on an emptied `folder`; stop everything when the block ends.

    Raises:
        FolderInUse: another demo uses the folder, or it holds something that is not a demo's.
        DemoError: something does not start, or dies.
    """
    with ExitStack() as stack:
        stack.enter_context(emptied(folder))
        payments = folder / "payments.jsonl"
        environment = _environment(payments)
        rehearsed = not os.environ.get("OPENAI_API_KEY")
        if rehearsed:
            environment |= stack.enter_context(_rehearsal(folder, voice))
        port = _free_port()
        dev = stack.enter_context(_dev(folder, port, environment))
        with voice.waiting("starting PostgreSQL, the API and two workers"):
            for line in dev.lines(until="ready;", seconds=START_SECONDS):
                voice.quote(line)
        try:
            yield House(f"http://127.0.0.1:{port}", payments, rehearsed)
        except Exception as error:
            if dev.process.poll() is None:
                raise
            raise DemoError(f"holdfast dev died with code {dev.process.returncode}") from error


def _environment(payments: Path) -> dict[str, str]:
    local = "127.0.0.1,localhost"
    return {
        "INVOICE_REVIEW_PAYMENTS": str(payments),
        "INVOICE_REVIEW_SCREENING_SECONDS": SCREENING_SECONDS,
        # The demo brings its own database; yours is left alone.
        "DATABASE_URL": "",
        "HOLDFAST_DATABASE_URL": "",
        "NO_PROXY": local,
        "no_proxy": local,
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def _rehearsal(folder: Path, voice: Voice) -> Iterator[dict[str, str]]:
    """A scripted model that speaks OpenAI's protocol; yields the environment that leads the client to it."""
    command = [sys.executable, "-m", "holdfast_server.rehearsal", "graphs/invoice_review_script.py"]
    log = folder / "rehearsal.log"
    with started("the rehearsal model", command, folder=ROOT, log=log, environment={}) as child:
        *_, line = child.lines(until="rehearsal model on ", seconds=START_SECONDS)
        voice.quote(line)
        yield {
            "OPENAI_BASE_URL": line.split()[-1],
            "OPENAI_API_KEY": "rehearsal",
            "INVOICE_REVIEW_MODEL": MODEL,
        }


@contextmanager
def _dev(folder: Path, port: int, environment: dict[str, str]) -> Iterator[Child]:
    options = [
        "-c",
        "langgraph.json",
        "--port",
        str(port),
        "--data-dir",
        str(folder),
        "--workers",
        str(WORKERS),
    ]
    command = [sys.executable, "-m", "holdfast_server", "dev", *options]
    with started(
        "holdfast dev", command, folder=ROOT, log=folder / DEV_LOG, environment=environment
    ) as child:
        yield child


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
