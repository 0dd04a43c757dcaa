"""The application: routers, CORS, error answers, and what opens and closes with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from holdfast_server.access.gatekeeper import Gatekeeper
from holdfast_server.api import a2a, assistants, mcp, operations, problems, runs, state, system, threads
from holdfast_server.api.backend import Backend
from holdfast_server.api.hub import Hub
from holdfast_server.db.pool import Pool, make_pool
from holdfast_server.settings import Settings

# Browsers show a page only these headers; `location` is what a client reconnects to.
_EXPOSED = ["content-location", "location", "x-pagination-total", "x-pagination-next"]


class Companion(Protocol):
    """A background actor that lives as long as the application."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


def make_app(
    settings: Settings, *, companion: Callable[[Pool, Settings], Companion], gatekeeper: Gatekeeper
) -> FastAPI:
    """The ASGI application of one API process.

    Args:
        settings: database and pool.
        companion: makes the actor that runs beside it.
        gatekeeper: says who calls and what they may do.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with make_pool(settings.database_url, size=settings.pool_size, name="api") as pool:
            hub = Hub(settings.database_url)
            await hub.start()
            beside = companion(pool, settings)
            beside.start()
            app.state.backend = Backend(settings, pool, hub, gatekeeper)
            try:
                yield
            finally:
                await beside.stop()
                await hub.stop()

    app = FastAPI(
        title="Holdfast", summary="The LangGraph Server API, supervised.", lifespan=lifespan,
        redirect_slashes=True,
    )  # fmt: skip
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["*"],
        allow_headers=["*"],
        allow_private_network=True,
        expose_headers=_EXPOSED,
        max_age=600,
    )
    problems.install(app)
    for router in (
        system.router, assistants.router, threads.router, state.router, runs.router, operations.router,
        mcp.router, a2a.router,
    ):  # fmt: skip
        app.include_router(router)
    return app
