"""The JavaScript clients: installed once beside their package.json, or the reason why they are not."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

HOME = Path(__file__).parent
_INSTALL_SECONDS = 300
_STAMP = HOME / "node_modules" / ".installed"


class Missing(Exception):
    """Says what this machine lacks; the test skips with it."""


def node() -> str:
    """The path of node.

    Raises:
        Missing: there is none.
    """
    return _program("node")


def chromium() -> str:
    """The path of a browser.

    Raises:
        Missing: there is none.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise Missing("no chromium on this machine; the browser tests need one")


def install(tell: Callable[[str], None]) -> Path:
    """Installs the packages unless exactly these are there; answers the folder of the scenes.

    Raises:
        Missing: node or npm is not there, or npm cannot reach its registry.
    """
    node()
    npm = _program("npm")
    with (HOME / ".lock").open("w") as lock:
        # Two test sessions must not unpack into one folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = (HOME / "package-lock.json").read_text()
        if not _STAMP.exists() or _STAMP.read_text() != wanted:
            tell("installing the JavaScript clients with npm (once, about ten seconds)")
            _npm_ci(npm)
            _STAMP.write_text(wanted)
    return HOME


def _npm_ci(npm: str) -> None:
    command = [npm, "ci", "--no-audit", "--no-fund", "--fetch-retries=1"]
    try:
        done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        raise Missing(f"npm ci did not end within {_INSTALL_SECONDS} s") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or ["no reason given"]
        raise Missing(f"npm ci failed: {lines[0]}")


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise Missing(f"no {name} on this machine; the tests of the JavaScript clients need node and npm")
    return path
