"""A form counts only when a page of ours sent it, for the session it was shown to."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from unit.server.asgi import ask

from holdfast_server.api.csrf import Csrf
from holdfast_server.errors import ApiError

CSRF = Csrf.derived(b"a secret of this house")
HERE = {"origin": "http://127.0.0.1:2024", "sec-fetch-site": "same-origin"}


async def decide(request: Request) -> Response:
    try:
        CSRF.check(request, "session-1", request.headers.get("x-csrf-token"), now=1000.0)
    except ApiError as error:
        return PlainTextResponse(error.detail, error.status)
    return PlainTextResponse("done")


APP = Starlette(routes=[Route("/decide", decide, methods=["GET", "POST"])])
GOOD = CSRF.token("session-1", now=1000.0)


async def answer(headers: dict[str, str], method: str = "POST") -> tuple[int, str]:
    response = await ask(APP, headers, method=method, path="/decide")
    return response.status_code, response.text


async def test_a_form_of_our_own_page_passes_and_reading_needs_none() -> None:
    assert await answer({**HERE, "x-csrf-token": GOOD}) == (200, "done")
    assert await answer({"origin": HERE["origin"], "x-csrf-token": GOOD}) == (200, "done")
    assert await answer({}, "GET") == (200, "done")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"x-csrf-token": GOOD}, "another origin"),
        ({**HERE, "origin": "https://evil.example", "x-csrf-token": GOOD}, "another origin"),
        ({**HERE, "origin": "null", "x-csrf-token": GOOD}, "another origin"),
        ({**HERE, "sec-fetch-site": "cross-site", "x-csrf-token": GOOD}, "another origin"),
        ({**HERE, "sec-fetch-site": "same-site", "x-csrf-token": GOOD}, "another origin"),
        (HERE, "no token"),
        ({**HERE, "x-csrf-token": "x"}, "no token"),
        ({**HERE, "x-csrf-token": "9999999999."}, "another session"),
        ({**HERE, "x-csrf-token": CSRF.token("session-2", now=1000.0)}, "another session"),
        ({**HERE, "x-csrf-token": "5000000000." + GOOD.partition(".")[2]}, "another session"),
        ({**HERE, "x-csrf-token": CSRF.token("session-1", now=-90_000.0)}, "no token"),
        ({**HERE, "x-csrf-token": CSRF.token("session-1", now=-43_000.0)}, "too old"),
        ({**HERE, "x-csrf-token": Csrf(b"another key").token("session-1", now=1000.0)}, "another session"),
    ],
)
async def test_everything_else_is_refused_with_a_reason(headers: dict[str, str], why: str) -> None:
    status, said = await answer(headers)
    assert (status, why in said) == (403, True), said


def test_a_short_secret_is_none() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Csrf.derived(b"short")
