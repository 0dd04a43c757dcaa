"""What we change in uvicorn: a client that sends its line and headers slowly, or without end, is let go."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from holdfast_server.errors import ConfigError

_TOO_LONG = b"The headers are too long"
_TOO_SLOW = b"The request did not arrive in time"
_UNREADABLE = b"Invalid HTTP request received"
_STATUS = {
    _TOO_LONG: b"431 Request Header Fields Too Large",
    _TOO_SLOW: b"408 Request Timeout",
    _UNREADABLE: b"400 Bad Request",
}


def guarded_protocol(*, max_head: int, head_timeout: float, body_timeout: float) -> type[HttpToolsProtocol]:
    """The HTTP protocol with limits on what comes before a request is complete enough to be answered.

    uvicorn itself waits forever for headers and keeps as many as come. A head that is complete is measured by
    the application (api/limit.py), which can say so in JSON.

    Args:
        max_head: bytes, of line and headers.
        head_timeout: seconds from the first byte, or from the connection, to the end of the headers.
        body_timeout: seconds that the rest of a body may take when it was answered already.
    """
    limits = {"max_head": max_head, "head_timeout": head_timeout, "body_timeout": body_timeout}
    return type("GuardedProtocol", (_GuardedProtocol,), limits)


class _GuardedProtocol(HttpToolsProtocol):
    """Has a deadline for each head, and for what is left of a body that was answered already."""

    max_head: int
    head_timeout: float
    body_timeout: float
    _deadline: asyncio.TimerHandle | None = None
    _in_head = True
    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        began_in_head = self._in_head
        super().data_received(data)
        if self._in_head and self.transport is not None and not self.transport.is_closing():
            self._head = self._head + len(data) if began_in_head else 0
            if self._head > self.max_head:
                self._cut(_TOO_LONG)
        elif self._is_idle():
            # What came was no request, and it stopped uvicorn's own clock of idle connections.
            self._expect_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # A client with one request in the air may begin the next: its clock runs anew.
        if not self._in_head:
            self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        # uvicorn takes the trailers of a chunked body for headers of its request, which was judged before.
        if self._in_head:
            super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:
        self._disarm()
        self._say(_UNREADABLE)
        self.transport.close()

    def on_headers_complete(self) -> None:
        self._in_head, self._head = False, 0
        self._disarm()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        rest_is_due = self.cycle is not None and self.cycle.more_body
        super().on_response_complete()
        if rest_is_due and self._deadline is None:
            self._deadline = self.loop.call_later(self.body_timeout, self._end)

    def on_message_complete(self) -> None:
        if not self._in_head:
            self._disarm()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._disarm()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _is_idle(self) -> bool:
        done = self.cycle is not None and self.cycle.response_complete and not self.cycle.more_body
        clocks = self._deadline or self.timeout_keep_alive_task
        return done and clocks is None and not self.transport.is_closing()

    def _expect_head(self) -> None:
        self._disarm()
        self._in_head, self._head = True, 0
        self._deadline = self.loop.call_later(self.head_timeout, self._cut, _TOO_SLOW)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()

    def _cut(self, reason: bytes) -> None:
        """Says why and hangs up, unless an answer to a request before is under way."""
        self._disarm()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self._say(reason)
        self.transport.close()

    def _say(self, reason: bytes) -> None:
        body = b'{"detail":"' + reason + b'"}'
        size = str(len(body)).encode()
        self.transport.write(
            b"HTTP/1.1 " + _STATUS[reason] + b"\r\ncontent-type: application/json\r\ncontent-length: "
            + size + b"\r\nx-content-type-options: nosniff\r\nconnection: close\r\n\r\n" + body
        )  # fmt: skip


def tls_context(cert: Path, key: Path) -> Callable[[Config, Callable[[], ssl.SSLContext]], ssl.SSLContext]:
    """For uvicorn's `ssl_context_factory`: TLS 1.2 or newer.

    Raises:
        ConfigError: the files cannot be read, or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except (OSError, ssl.SSLError) as error:
        # SSLError is an OSError; its text says little, and nothing of the key.
        what = error.strerror or str(error)
        raise ConfigError(
            f"--tls-cert {cert} and --tls-key {key} cannot be used: {what}; correct them"
        ) from None

    def factory(_: Config, __: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        return context

    return factory


def _no_password() -> Any:
    raise OSError(None, "the key has a password; store it without one, readable to this user only")
