"""Which pages of other origins may call, and what of an answer they may see."""

from __future__ import annotations

from fastapi.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from holdfast_server.config.http import Cors

# Browsers show a page only these headers; `location` is what a client reconnects to.
_EXPOSED = (
    "content-location", "location", "x-pagination-total", "x-pagination-next", "x-request-id",
    "retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
)  # fmt: skip


def with_cors(app: ASGIApp, cors: Cors) -> ASGIApp:
    """The application for pages of other origins, also when it runs in a network of its own."""
    return CORSMiddleware(
        app,
        allow_origins=cors.allow_origins,
        allow_methods=cors.allow_methods,
        allow_headers=cors.allow_headers,
        allow_credentials=cors.allow_credentials,
        allow_origin_regex=cors.allow_origin_regex,
        allow_private_network=True,
        expose_headers=tuple(dict.fromkeys((*_EXPOSED, *(name.lower() for name in cors.expose_headers)))),
        max_age=cors.max_age,
    )
