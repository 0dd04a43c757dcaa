"""Serving a script: in this process until a signal comes, or in a thread for as long as a block runs."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn

from holdfast_server.rehearsal.endpoint import endpoint
from holdfast_server.rehearsal.errors import AddressTaken
from holdfast_server.rehearsal.script import Script

HOST = "127.0.0.1"


def serve(
    play: Script,
    *,
    port: int = 0,
    chunk_seconds: float = 0.0,
    on_listening: Callable[[str], None] = lambda base_url: None,
) -> None:
    """Serve until SIGINT or SIGTERM; tells `on_listening` the base URL, as `http://127.0.0.1:PORT/v1`."""
    listener = _listen(port)
    on_listening(_base_url(listener))
    _server(play, chunk_seconds).run(sockets=[listener])


@contextmanager
def rehearsing(play: Script, *, port: int = 0, chunk_seconds: float = 0.0) -> Iterator[str]:
    """Serve in a thread while the block runs; gives the base URL, as `http://127.0.0.1:PORT/v1`."""
    listener = _listen(port)
    server = _server(play, chunk_seconds)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="rehearsal", daemon=True)
    thread.start()
    try:
        yield _base_url(listener)
    finally:
        server.should_exit = True
        thread.join()


def _server(play: Script, chunk_seconds: float) -> uvicorn.Server:
    app = endpoint(play, chunk_seconds=chunk_seconds)
    # No grace at the end, as a script may hang for an hour; uvicorn would call that an error in its log.
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0)
    return uvicorn.Server(config)


def _listen(port: int) -> socket.socket:
    """A socket that already listens, so that the URL can be told before the server's first turn."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise AddressTaken(
            f"cannot listen on {HOST}:{port} ({error.strerror}); choose another port, or 0 for any free one"
        ) from error
    listener.listen(128)
    return listener


def _base_url(listener: socket.socket) -> str:
    port: int = listener.getsockname()[1]
    return f"http://{HOST}:{port}/v1"
