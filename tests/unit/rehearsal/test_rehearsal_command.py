"""The command: a process of its own that says where it listens and goes when it is told to."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from holdfast_server.rehearsal import AddressTaken, Say, rehearsing

HANGING = """
from holdfast_server.rehearsal import Hang

def play(request):
    return Hang(600)
"""
QUESTION = {"model": "rehearsal", "messages": [{"role": "user", "content": "Hello?"}]}


@pytest.fixture
def hanging_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    script = tmp_path / "script.py"
    script.write_text(HANGING)
    command = [sys.executable, "-m", "holdfast_server.rehearsal", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_sigterm_stops_it_at_once_even_while_a_request_hangs(hanging_process: subprocess.Popen[str]) -> None:
    assert hanging_process.stdout is not None
    announced = hanging_process.stdout.readline()
    assert announced.startswith("rehearsal model on http://127.0.0.1:")
    base_url = announced.split()[-1]
    client = threading.Thread(target=_ask_in_vain, args=(base_url,))
    client.start()
    _wait_for_one_request(base_url)

    began = time.monotonic()
    hanging_process.send_signal(signal.SIGTERM)
    _, complaints = hanging_process.communicate(timeout=5)
    assert time.monotonic() - began < 1
    assert complaints == ""
    client.join()


def test_a_taken_port_is_reported_with_what_to_do() -> None:
    with rehearsing(lambda request: Say("")) as base_url:
        port = httpx.URL(base_url).port
        assert port is not None
        with (
            pytest.raises(AddressTaken, match=f"cannot listen on 127.0.0.1:{port} .*choose another port"),
            rehearsing(lambda request: Say(""), port=port),
        ):
            pass


def _ask_in_vain(base_url: str) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{base_url}/chat/completions", json=QUESTION, timeout=30)


def _wait_for_one_request(base_url: str) -> None:
    while not httpx.get(f"{base_url.removesuffix('/v1')}/rehearsal/requests").json():
        pass
