"""A real HTTP receiver of webhooks on this machine, that answers as it is told and remembers what came."""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Delivery:
    """One request."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Receiver:
    """Answers 200, or what `answers` says for a path: statuses in turn, the last for ever; 0 is silence."""

    url: str
    answers: dict[str, list[int]] = field(default_factory=dict)
    received: list[Delivery] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def at(self, path: str) -> list[Delivery]:
        """What came for a path, so far."""
        return [delivery for delivery in list(self.received) if delivery.path == path]

    async def came(self, path: str, count: int = 1, *, patience: float = 15.0) -> list[Delivery]:
        """Waits for so many requests for a path; fails when they do not come."""
        async with asyncio.timeout(patience):
            while len(self.at(path)) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return self.at(path)

    def status(self, path: str) -> int:
        """What to answer to the newest request for a path."""
        script = self.answers.get(path, [200])
        return script[min(len(self.at(path)), len(script)) - 1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on 127.0.0.1."""
    server = _Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
    receiver = Receiver(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Delivery(self.path, headers, json.loads(body)))
            status = receiver.status(self.path)
            if status == 0:
                receiver.closing.wait()
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", f"{receiver.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server.RequestHandlerClass = Handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
