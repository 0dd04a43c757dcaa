"""A chat page in a real browser, on another port than the API: what a person sees."""

from __future__ import annotations

import functools
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from _pytest.mark.structures import ParameterSet
from js.installed import Missing, chromium, node
from stack import Stack

SDKS = ["sdk-1-12", "sdk-1-15"]


def _scene(graph: str, scene: str, *behaviours: str, protocol: str = "legacy") -> ParameterSet:
    return pytest.param(graph, scene, protocol, marks=pytest.mark.behaviour(*behaviours))


SCENES = [
    _scene("supervised", "approval", "browser.approval"),
    _scene("supervised", "question_after_a_reload", "browser.reload-keeps-question"),
    _scene("story", "streaming", "browser.streams-words"),
    _scene("story", "reload_while_it_runs", "browser.rejoins"),
    _scene("story", "broken_connection", "browser.reconnects", "cors.exposes-location"),
    _scene("fails", "failure", "browser.failure-is-shown"),
    _scene("story", "stop", "browser.stop-cancels"),
]
# The same page over the thread's stream, with another hook that brings its own SDK: once is enough.
V3_SCENES = [
    _scene("supervised", "approval", "browser.v3", protocol="v3-sse"),
    _scene("story", "reload_while_it_runs", "browser.v3", protocol="v3-sse"),
    _scene("story", "broken_connection", "browser.v3", protocol="v3-sse"),
    _scene("supervised", "approval", "browser.v3", protocol="v3-websocket"),
    _scene("story", "streaming", "browser.v3", protocol="v3-websocket"),
]


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session", params=SDKS)
def page(request: pytest.FixtureRequest, js: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the chat page, built with one version of the SDK."""
    with _built(js, request.param, tmp_path_factory.mktemp("page")) as url:
        yield url


@pytest.fixture(scope="session")
def v3_page(js: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the chat page, built once."""
    with _built(js, SDKS[-1], tmp_path_factory.mktemp("page")) as url:
        yield url


@contextmanager
def _built(js: Path, sdk: str, folder: Path) -> Iterator[str]:
    command = [node(), str(js / "chat/build.mjs"), sdk, str(folder)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("graph", "scene", "protocol"), SCENES)
def test_a_scene_in_the_browser(
    js: Path, page: str, stack: Stack, tmp_path: Path, graph: str, scene: str, protocol: str
) -> None:
    _play(js, page, stack, tmp_path, graph=graph, scene=scene, protocol=protocol)


@pytest.mark.parametrize(("graph", "scene", "protocol"), V3_SCENES)
def test_a_scene_over_the_stream_of_the_thread(
    js: Path, v3_page: str, stack: Stack, tmp_path: Path, graph: str, scene: str, protocol: str
) -> None:
    _play(js, v3_page, stack, tmp_path, graph=graph, scene=scene, protocol=protocol)


def _play(
    js: Path, page: str, stack: Stack, tmp_path: Path, *, graph: str, scene: str, protocol: str
) -> None:
    try:
        browser = chromium()
    except Missing as missing:
        pytest.skip(str(missing))
    url = f"{page}?{urlencode({'api': stack.url, 'assistant': graph, 'protocol': protocol})}"
    command = [node(), str(js / "chat/browse.mjs"), scene, browser, url, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, f"picture: {tmp_path}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / f"{scene}.png").stat().st_size > 1000
