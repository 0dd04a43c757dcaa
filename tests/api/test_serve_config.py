"""`holdfast serve` and langgraph.json: it never stands open by mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, WebSocket
from starlette.types import Message

from holdfast_server.api import problems
from holdfast_server.errors import ApiError


def holdfast(database: str, folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs a command that is expected to end."""
    environment = {**os.environ, "DATABASE_URL": database, **env}
    return subprocess.run(
        [sys.executable, "-m", "holdfast_server", *arguments],
        cwd=folder, env=environment, text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip


def written(folder: Path, **keys: Any) -> Path:
    path = folder / "langgraph.json"
    path.write_text(json.dumps({"graphs": {"g": "./g.py:graph"}} | keys))
    return path


def test_a_broken_auth_keeps_the_server_from_starting(database: str, tmp_path: Path) -> None:
    written(tmp_path, auth={"path": "./gone.py:auth"})
    ended = holdfast(database, tmp_path, "serve", "--port", "0")
    assert ended.returncode == 2
    assert ended.stderr.startswith("holdfast: "), "one line, no trace"
    assert "gone.py does not exist" in ended.stderr


@pytest.mark.parametrize("how", ["option", "variable"])
def test_a_config_that_was_named_must_be_there(database: str, tmp_path: Path, how: str) -> None:
    named = {"HOLDFAST_CONFIG": "gone.json"} if how == "variable" else {}
    option = ("-c", "langgraph.json") if how == "option" else ()
    ended = holdfast(database, tmp_path, "serve", "--port", "0", *option, **named)
    assert (ended.returncode, "does not exist; create it" in ended.stderr) == (2, True)


def test_a_lifespan_that_fails_keeps_the_server_from_starting(database: str, tmp_path: Path) -> None:
    (tmp_path / "web.py").write_text(
        "from contextlib import asynccontextmanager\nfrom fastapi import FastAPI\n"
        "@asynccontextmanager\nasync def lifespan(app):\n    raise ValueError('no such shop')\n    yield\n"
        "app = FastAPI(lifespan=lifespan)\n"
    )
    written(tmp_path, http={"app": "./web.py:app"})
    ended = holdfast(database, tmp_path, "serve", "--port", "0")
    assert ended.returncode != 0
    assert "http.app does not start: ValueError: no such shop" in ended.stderr


def test_doctor_names_a_broken_handler_and_unused_keys(database: str, tmp_path: Path) -> None:
    written(tmp_path, auth={"path": "./gone.py:auth"}, http={"disable_everything": True}, surprise=1)
    found = holdfast(database, tmp_path, "doctor")
    assert "not used: surprise, http.disable_everything" in found.stdout
    [line] = [line for line in found.stdout.splitlines() if "auth, http" in line]
    assert line.startswith("BAD")
    assert "gone.py does not exist" in line


async def test_a_refused_websocket_is_closed_with_the_reason() -> None:
    app, sent = FastAPI(), list[Message]()
    problems.install(app)

    @app.websocket("/ws")
    async def ws(socket: WebSocket) -> None:
        raise ApiError(401, "Who are you?")

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "websocket", "path": "/ws", "headers": [], "query_string": b""}
    scope |= {"subprotocols": [], "extensions": {"websocket.http.response": {}}}
    await app(scope, receive, send)
    assert sent[0]["status"] == 401
    assert b"Who are you?" in sent[1]["body"]
