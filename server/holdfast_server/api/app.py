"""The application: routers, error answers, what opens and closes with it, what every request passes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import cache, partial
from typing import Protocol

from fastapi import FastAPI
from starlette.types import ASGIApp

from holdfast_server.access.gatekeeper import Gatekeeper
from holdfast_server.api import contract, problems
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.cors import with_cors
from holdfast_server.api.figures import Figures
from holdfast_server.api.front import FrontDoor
from holdfast_server.api.headers import AnswerHeaders, OwnHeaders
from holdfast_server.api.hub import Hub
from holdfast_server.api.lag import LagWatch
from holdfast_server.api.limit import BodyLimit, HeadLimit
from holdfast_server.api.metrics import HttpMeter
from holdfast_server.api.parts import served
from holdfast_server.api.permitted import check_table
from holdfast_server.api.prefix import Prefixed
from holdfast_server.api.proxies import Proxied
from holdfast_server.api.rates import Limiter
from holdfast_server.api.routers import ROUTERS
from holdfast_server.api.visitors import Doorkeeper, Visitors
from holdfast_server.config.door import Network
from holdfast_server.config.http import Cors, Part
from holdfast_server.config.webhooks import Webhooks
from holdfast_server.db.pool import Pool, make_pool
from holdfast_server.settings import Settings

# Of the connections, so many keep house: rescues and figures.
_HOUSE = 2
# langgraph.json without a word about webhooks.
_ANYWHERE = Webhooks()


class Companion(Protocol):
    """A background actor that lives as long as the application."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


def make_app(
    settings: Settings,
    *,
    companion: Callable[[Pool, Settings], Companion],
    gatekeeper: Gatekeeper,
    disabled: Collection[Part] = (),
    around: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    beside_pool: Callable[[Pool], AbstractAsyncContextManager[None]] = lambda _: nullcontext(),
    webhooks: Webhooks | None = _ANYWHERE,
    limiter: Limiter | None = None,
    meter: HttpMeter | None = None,
) -> FastAPI:
    """The application of one API process.

    Args:
        settings: database and pool.
        companion: makes the actor that runs beside it.
        gatekeeper: says who calls and what they may do.
        disabled: parts of the API that are not served.
        around: opened before the first request and closed after the last.
        beside_pool: the same, for what needs the database.
        webhooks: where webhooks may go; None: nowhere.
        limiter: counts callers in the application's database.
        meter: counts requests; None: one of its own.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        url = settings.database_url
        pool = make_pool(url, size=max(settings.pool_size - _HOUSE, 1), name="api", role="holdfast_app")
        house = make_pool(url, size=_HOUSE, name="api-house", role="holdfast_system")
        async with around(), pool, house, beside_pool(pool):
            if limiter is not None:
                limiter.use(pool)
            hub = Hub(settings.database_url)
            await hub.start()
            beside = [companion(house, settings), LagWatch(app.state.meter.lagged)]
            for actor in beside:
                actor.start()
            app.state.figures = Figures(house)
            app.state.backend = Backend(settings, pool, hub, gatekeeper, webhooks=webhooks)
            try:
                yield
            finally:
                for actor in beside:
                    await actor.stop()
                await hub.stop()

    app = FastAPI(
        title="Holdfast", summary="The LangGraph Server API, supervised.", lifespan=lifespan,
        redirect_slashes=True, docs_url=None, redoc_url=None,
        openapi_url=None if "meta" in disabled else "/openapi.json",
    )  # fmt: skip
    app.state.meter = meter or HttpMeter()
    app.add_middleware(OwnHeaders)
    problems.install(app)
    _serve_routes(app, disabled)
    app.openapi = cache(partial(contract.describe, app))  # type: ignore[method-assign]
    return app


def _serve_routes(app: FastAPI, disabled: Collection[Part]) -> None:
    """All routes but the disabled; each must be in the table of permissions."""
    bare = list(app.routes)
    for router in (routers := served(ROUTERS, disabled)):
        app.include_router(router)
    check_table([*bare, *(route for router in routers for route in router.routes)], disabled, backend_of)


def fronted(
    app: ASGIApp,
    meter: HttpMeter,
    settings: Settings,
    *,
    cors: Cors | None,
    prefix: str = "",
    visitors: Visitors,
    trusted_proxies: Sequence[Network] = (),
    headers: Mapping[str, str] | None = None,
) -> ASGIApp:
    """The application behind what every request passes.

    Args:
        app: what answers in the end.
        meter: counts what is answered.
        settings: how much a request may bring.
        cors: which pages may call; None: the application says so itself.
        prefix: the path under which everything is served, or empty.
        visitors: under which names, and from which pages, this server is called.
        trusted_proxies: whose X-Forwarded-* is believed.
        headers: of every answer, as the operator wants them.
    """
    app = BodyLimit(app, settings, meter)
    if prefix:
        app = Prefixed(app, prefix)
    app = HeadLimit(app, settings, meter)
    app = Doorkeeper(with_cors(app, cors) if cors else app, visitors, meter, prefix=prefix)
    app = FrontDoor(app, meter, AnswerHeaders(headers or {}))
    return Proxied(app, trusted_proxies) if trusted_proxies else app
