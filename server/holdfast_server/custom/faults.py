"""What a client hears when a route of the user's fails: never a stack trace."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse

from holdfast_server import correlation

logger = logging.getLogger(__name__)


def answer_faults(app: Starlette) -> None:
    """The application answers faults as ours does, unless it has a handler for them; debug pages are off."""
    if app.debug:
        logger.warning("http.app: debug is switched off: it would show stack traces to every client")
        app.debug = False
    if not {500, Exception} & app.exception_handlers.keys():
        app.add_exception_handler(Exception, _fault)


async def _fault(_: Request, error: Exception) -> JSONResponse:
    where = f" under request {known}" if (known := correlation.request_id.get()) else ""
    detail = f"Internal error ({type(error).__name__}); the server's log has the details{where}"
    return JSONResponse({"detail": detail}, 500)
