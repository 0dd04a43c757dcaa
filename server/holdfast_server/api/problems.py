"""Errors on the wire: `{"detail": "<sentence>"}`, always, and never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import InterfaceError, OperationalError
from psycopg.errors import DataError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException

from holdfast_server import correlation
from holdfast_server.api.stopping import is_stopping, keep_quiet
from holdfast_server.errors import ApiError
from holdfast_server.masking.masker import MASKER
from holdfast_server.sealing.errors import SealBroken

logger = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Installs the handlers."""
    keep_quiet()
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(DataError, _data_error)
    for outage in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(outage, _outage)
    app.add_exception_handler(SealBroken, _sealed)
    app.add_exception_handler(Exception, _surprise)


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error as every client reads it."""
    return JSONResponse({"detail": MASKER.said(detail)}, status_code=status, headers=headers)


async def _api_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ApiError)
    return answer(error.status, error.detail, error.headers)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return answer(error.status_code, str(error.detail), error.headers)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()[:5])
    return answer(422, wrong)


async def _data_error(_: Request, error: Exception) -> JSONResponse:
    # The last net: the database refused a value that our own checks let by.
    return answer(422, f"The database cannot store this value: {str(error).splitlines()[0]}")


async def _outage(request: Request, error: Exception) -> JSONResponse:
    logger.warning("%s %s: database away: %s", request.method, request.url.path, str(error).strip())
    return answer(503, "The database does not answer; nothing was changed. Try again in a moment")


async def _sealed(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s: %s", request.method, request.url.path, error)
    return answer(503, f"The database holds what this process cannot open: {error}")


async def _surprise(request: Request, error: Exception) -> JSONResponse:
    if is_stopping(error):
        return answer(503, "The server is stopping; connect again")
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(500, internal_error(error))


def internal_error(error: BaseException) -> str:
    """What a client hears of a fault: enough to find it in the log, and nothing of what it says."""
    where = f" under request {known}" if (known := correlation.request_id.get()) else ""
    return f"Internal error ({type(error).__name__}); the server's log has the details{where}"
