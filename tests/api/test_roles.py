"""The table route × permission: each route asks for what its line says, whoever comes, however spelled."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
import pytest_asyncio
from api.roles import a, calling, house, raw, shake_hands
from fastapi import APIRouter, Depends, FastAPI
from stack import Stack

from holdfast_server.access.needs import Need
from holdfast_server.access.permissions import ROLES, ordered
from holdfast_server.access.routes import NEEDS
from holdfast_server.api.app import fronted
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.permitted import check_table
from holdfast_server.api.routers import ROUTERS
from holdfast_server.api.visitors import Visitors
from holdfast_server.errors import HoldfastError
from holdfast_server.settings import Settings

NOBODY = "nobody"
# What a route wants to hear before it says anything but "you may not".
BODIES: dict[str, Any] = {"POST /threads/{thread_id}/state": {"as_node": "__end__"}}
CLOSED = {line: need for line, need in NEEDS.items() if not need.public}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def app(stack: Stack) -> AsyncIterator[FastAPI]:
    """The application, running."""
    app = house(stack.database_url)
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Says its roles in a header."""
    async with calling(app) as http:
        yield http


def path_of(line: str) -> tuple[str, str]:
    """Method and a path with ids that nothing has."""
    method, _, template = line.partition(" ")
    names = ("thread_id", "run_id", "cron_id", "assistant_id", "checkpoint_id", "namespace", "name")
    return method, template.format(**dict.fromkeys(names, "x"))


def opens(need: Need, role: str) -> bool:
    """What the table says, read without its own code."""
    held = ROLES.get(role, frozenset())
    return any(all(one in held for one in alternative) for alternative in need.alternatives)


@pytest.mark.behaviour("access.roles")
@pytest.mark.parametrize("line", NEEDS)
async def test_a_route_opens_for_the_roles_of_its_line_and_for_no_other(
    app: FastAPI, http: httpx.AsyncClient, line: str
) -> None:
    method, path = path_of(line)
    for role in [*ROLES, NOBODY]:
        if method == "WS":
            status, said = await shake_hands(app, path, a(role)), None
        else:
            answer = await http.request(method, path, json=BODIES.get(line, {}), headers=a(role))
            status = answer.status_code
            said = answer.json() if status == 403 else None
        assert (status != 403) == opens(NEEDS[line], role), f"{role}: {status} {said}"
        assert status < 500, f"{role}: {status}"
        if said:
            refused = f"{line} needs the permission {NEEDS[line]}; your roles ({role}) do not grant it"
            assert said == {"detail": refused}


@pytest.mark.behaviour("access.roles")
@pytest.mark.parametrize("prefix", ["", "/agents"])
async def test_no_spelling_of_a_path_gets_around_the_table(app: FastAPI, prefix: str) -> None:
    anybody = Visitors(is_open=False, cors=None)
    front = fronted(app, app.state.meter, Settings(), cors=None, prefix=prefix, visitors=anybody)
    for line in CLOSED.keys() - {"GET /holdfast/me"}:
        method, path = path_of(line)
        last = path.rpartition("/")[2]
        spelled = {
            path, path + "/", path + "//", "/" + path, path.replace("/", "//"), path.upper(), path + "/.",
            path + "?", path + "%2f", path + "\x00", path + ";a=1", path.replace(last, f"./{last}"),
            path.replace(last, f"y/../{last}"), path.replace("x", "%78"), path.replace("x", "a%2Fb"),
        }  # fmt: skip
        for spelling in spelled:
            for verb in {method, method.lower(), "HEAD", "OPTIONS", "POST", "TRACE", "X"} - {"WS"}:
                status = await raw(front, verb, prefix + spelling, a(NOBODY), body=b"{}")
                assert status in (307, 401, 403, 404, 405), f"{verb} {spelling}: {status}"
        if method == "WS":
            assert await shake_hands(front, prefix + path, a(NOBODY)) == 403


async def test_a_route_without_a_line_keeps_the_application_from_starting() -> None:
    router = APIRouter()

    @router.get("/holdfast/new")
    async def new(wiring: Annotated[Backend, Depends(backend_of)]) -> None: ...

    with pytest.raises(HoldfastError, match="GET /holdfast/new: no line in access"):
        check_table([*routes(), *router.routes], (), backend_of)


async def test_a_line_without_a_route_keeps_it_from_starting_too() -> None:
    kept = [route for route in routes() if getattr(route, "path", "") != "/holdfast/queue"]
    with pytest.raises(HoldfastError, match="GET /holdfast/queue: in access"):
        check_table(kept, (), backend_of)


async def test_a_route_that_asks_nobody_keeps_it_from_starting_too() -> None:
    router = APIRouter()

    @router.get("/holdfast/queue")
    async def queue() -> None: ...

    kept = [route for route in routes() if getattr(route, "path", "") != "/holdfast/queue"]
    with pytest.raises(HoldfastError, match="GET /holdfast/queue: asks nobody who they are"):
        check_table([*kept, *router.routes], (), backend_of)


async def test_a_route_that_comes_later_serves_nobody(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = house(database)

    @app.get("/holdfast/late")
    async def late(wiring: Annotated[Backend, Depends(backend_of)]) -> str:
        return "served"

    async with app.router.lifespan_context(app), calling(app) as http:
        with caplog.at_level(logging.ERROR):
            answer = await http.get("/holdfast/late", headers=a("admin"))
    assert (answer.status_code, answer.json()) == (
        403,
        {"detail": "GET /holdfast/late has no permission that would open it, so it serves nobody"},
    )
    assert "GET /holdfast/late has no line in access/routes.py" in caplog.text


@pytest.mark.behaviour("access.me")
async def test_everybody_finds_out_who_they_are(http: httpx.AsyncClient) -> None:
    said = (await http.get("/holdfast/me", headers=a("viewer", "approver"))).json()
    assert said == {
        "tenant": "default", "user": "ada", "roles": ["approver", "viewer"], "how": "key",
        "permissions": ordered(ROLES["approver"]),
    }  # fmt: skip
    nobody = (await http.get("/holdfast/me", headers=a())).json()
    assert (nobody["roles"], nobody["permissions"]) == ([], [])


async def test_who_has_no_role_is_told_so(http: httpx.AsyncClient) -> None:
    answer = await http.get("/threads/x", headers=a())
    sentence = "GET /threads/{thread_id} needs the permission threads.read; you have no role that grants it"
    assert answer.json() == {"detail": sentence}


def routes() -> list[Any]:
    """All routes of the application, and the document that FastAPI adds."""
    own = FastAPI(docs_url=None, redoc_url=None).routes
    return [*own, *(route for router in ROUTERS for route in router.routes)]
