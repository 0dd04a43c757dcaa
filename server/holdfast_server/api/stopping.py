"""A stopping server breaks off the answers that are still open, so that their clients reconnect."""

from __future__ import annotations

import logging

from holdfast_server.errors import HoldfastError


class ServerStopping(HoldfastError):
    """Raised into an open answer: an orderly end would look complete, a broken one is resumed."""


def keep_quiet() -> None:
    """Keeps these intended breaks out of the web server's log."""
    logging.getLogger("uvicorn.error").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return not (record.exc_info and record.exc_info[1] and is_stopping(record.exc_info[1]))


def is_stopping(error: BaseException) -> bool:
    """Whether an error is nothing but such a break."""
    if isinstance(error, BaseExceptionGroup):
        return all(is_stopping(inner) for inner in error.exceptions)
    return isinstance(error, ServerStopping)
