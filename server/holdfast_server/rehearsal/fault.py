"""An HTTP error as OpenAI words it: status, headers and an `error` object."""

from dataclasses import dataclass

from starlette.responses import JSONResponse

from holdfast_server.rehearsal.errors import InvalidRequest, ScriptError
from holdfast_server.rehearsal.reply import Fault


@dataclass(frozen=True, slots=True)
class _Wording:
    type: str
    code: str | None
    message: str


# https://platform.openai.com/docs/guides/error-codes
WORDINGS = {
    400: _Wording("invalid_request_error", None, "The request was malformed."),
    401: _Wording("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: _Wording("invalid_request_error", "unsupported_country_region_territory", "Not available here."),
    404: _Wording("invalid_request_error", "model_not_found", "The model does not exist."),
    429: _Wording("requests", "rate_limit_exceeded", "Rate limit reached. Please try again later."),
    500: _Wording("server_error", None, "The server had an error while processing your request."),
    503: _Wording("server_error", None, "The engine is currently overloaded, please try again later."),
}


def faulty_response(fault: Fault) -> JSONResponse:
    """What the client gets for a scripted fault."""
    nearest = 500 if fault.status >= 500 else 400
    wording = WORDINGS.get(fault.status, WORDINGS[nearest])
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    message = f"{fault.message or wording.message} (a fault from the rehearsal script)"
    return _error(fault.status, message, type=wording.type, code=wording.code, headers=headers)


def invalid_response(error: InvalidRequest) -> JSONResponse:
    """What the client gets for a request that OpenAI would refuse."""
    return _error(400, str(error), type="invalid_request_error", param=error.param)


def script_failed_response(error: ScriptError) -> JSONResponse:
    """What the client gets when the script itself is wrong; it is told that trying again is no use."""
    return _error(500, str(error), type="rehearsal_script_error", headers={"x-should-retry": "false"})


def _error(
    status: int,
    message: str,
    *,
    type: str,
    code: str | None = None,
    param: str | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    error = {"message": message, "type": type, "param": param, "code": code}
    return JSONResponse({"error": error}, status_code=status, headers=headers)
