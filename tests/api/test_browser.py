"""A chat page in a real browser, on another port than the API: what a person sees."""

from __future__ import annotations

import functools
import subprocess
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest
from _pytest.mark.structures import ParameterSet
from js.installed import Missing, chromium, node
from stack import Stack

# The thread-stream protocol is played by the same page: add "v3-sse" and "v3-websocket".
PROTOCOLS = ["legacy"]
SDKS = ["sdk-1-12", "sdk-1-15"]


def _scene(graph: str, scene: str, *behaviours: str) -> ParameterSet:
    return pytest.param(graph, scene, marks=pytest.mark.behaviour(*behaviours))


SCENES = [
    _scene("supervised", "approval", "browser.approval"),
    _scene("supervised", "question_after_a_reload", "browser.reload-keeps-question"),
    _scene("story", "streaming", "browser.streams-words"),
    _scene("story", "reload_while_it_runs", "browser.rejoins"),
    _scene("story", "broken_connection", "browser.reconnects", "cors.exposes-location"),
    _scene("fails", "failure", "browser.failure-is-shown"),
    _scene("story", "stop", "browser.stop-cancels"),
]


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session", params=SDKS)
def page(request: pytest.FixtureRequest, js: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the chat page, built with one version of the SDK."""
    folder = tmp_path_factory.mktemp("page")
    command = [node(), str(js / "chat/build.mjs"), request.param, str(folder)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("graph", "scene"), SCENES)
def test_a_scene_in_the_browser(
    js: Path, page: str, stack: Stack, tmp_path: Path, graph: str, scene: str, protocol: str
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
