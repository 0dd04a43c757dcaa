"""A server says who may call, and does not open to others unasked."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from holdfast_server.config.app import read_config
from holdfast_server.dev import run_dev
from holdfast_server.errors import ConfigError
from holdfast_server.listening import Listening
from holdfast_server.runtime.serving import serve
from holdfast_server.settings import Settings

# An address that no machine has: should the check ever come too late, nothing is opened all the same.
ELSEWHERE = "192.0.2.7"


@pytest.fixture
def config(tmp_path: Path, app_folder: Path) -> Path:
    path = tmp_path / "langgraph.json"
    path.write_text(json.dumps({"graphs": {"echo": f"{app_folder}/echo.py:graph"}}))
    return path


def test_serve_refuses_to_stand_open(database: str, config: Path) -> None:
    settings = Settings(database_url=database, config=config)
    for found in (None, read_config(config)):
        with pytest.raises(ConfigError, match=f"{ELSEWHERE} can be reached from outside"):
            serve(settings, found, Listening(ELSEWHERE, 0))


def test_dev_refuses_before_it_starts_anything(tmp_path: Path, config: Path) -> None:
    settings = Settings(config=config, data_dir=tmp_path / "data")
    with pytest.raises(ConfigError, match="HOLDFAST_REQUIRE_KEYS=1"):
        run_dev(settings, host=ELSEWHERE, port=0, workers=1)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("demanded", [False, True])
def test_dev_says_who_may_call(database: str, config: Path, demanded: bool) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": database, "HOLDFAST_REQUIRE_KEYS": str(demanded)}
    command = [sys.executable, "-m", "holdfast_server", "dev", "-c", str(config), "--port", str(port)]
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        said: list[str] = []
        try:
            for line in process.stdout:
                said.append(line)
                if "  api: process" in line:
                    break
        finally:
            process.send_signal(signal.SIGINT)
            process.stdout.read()
    text = "".join(said)
    assert ("nobody is asked who they are" in text) is not demanded
    assert ("callers are asked who they are: API keys" in text) is demanded
    assert ("make a key: holdfast keys create --name me --role admin\n" in text) is demanded
