"""Sealed houses for tests: a key, a langgraph.json that names it, and a switch that seals every house."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from holdfast_server.sealing.house import install
from holdfast_server.sealing.key import Key
from holdfast_server.sealing.sealer import Sealer

KEY = bytes(range(32)).hex()
ENV = {"HOLDFAST_SECRET_SEALING_KEY": KEY}
SECTION = {"key": "secret:SEALING_KEY"}
# `HOLDFAST_TEST_SEALED=1 pytest tests/api` runs the tests against sealed houses.
EVERYWHERE = bool(os.environ.get("HOLDFAST_TEST_SEALED"))


def seal_this_process() -> None:
    """Makes a test read and write as the processes of a sealed house do."""
    install(Sealer(Key.read("the key", KEY)))


@cache
def sealed_app(config: Path) -> Path:
    """A copy of an application whose langgraph.json asks for sealing."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-sealed-")) / "app"
    shutil.copytree(config.parent, folder)
    return with_sealing(folder / config.name, SECTION)


def with_sealing(config: Path, section: object) -> Path:
    """Writes a section `holdfast.sealing`, or takes it out with None."""
    app = json.loads(config.read_text())
    app.setdefault("holdfast", {})["sealing"] = section
    config.write_text(json.dumps(app))
    return config
