"""`http.app`: the user's routes before ours, on a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio
import websockets
from api.scene import FROZEN, until
from langgraph_sdk import get_client
from stack import Stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def web(template: str, app_folder: Path) -> AsyncIterator[Stack]:
    """A stack that serves tests/app/web.py beside the API."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_web template house")
    url = template.replace("/postgres?", "/house_web?")
    stack = await Stack.start(url, config=app_folder / "web.json", env={"HOLDFAST_HANDLER_TIMEOUT": "1"})
    yield stack
    print(stack.logs())
    await stack.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(web: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with web.http() as http:
        yield http


@pytest.mark.behaviour("app.routes", "app.lifespan")
async def test_a_route_of_the_users_is_served_on_its_own_thread(http: httpx.AsyncClient) -> None:
    assert (await http.get("/shop/hello/ada")).json() == {
        "hello": "ada", "opened": "by the lifespan", "spice": "paprika", "neighbour": "entry", "user": None,
        "thread": "user-code",
    }  # fmt: skip


async def test_bodies_errors_and_streams_cross_the_bridge(http: httpx.AsyncClient) -> None:
    big = "x" * 3_000_000
    assert (await http.post("/shop/orders", json={"item": big})).json() == {"item": big}
    assert (await http.post("/shop/orders", json={})).status_code == 422
    assert (await http.get("/shop/teapot")).json() == {"detail": "short and stout"}
    for _ in range(10):
        # The connection survives, or the next request on it would fail.
        assert (await http.get("/shop/crash")).status_code == 500
    assert (await http.get("/shop/count")).text == "0\n1\n2\n"
    assert "StaticFiles" in (await http.get("/shop/files/web.py")).text


@pytest.mark.behaviour("app.routes")
async def test_their_routes_win_over_ours_but_not_over_health(http: httpx.AsyncClient) -> None:
    assert (await http.get("/threads/mine")).json() == {"mine": "wins over /threads/{thread_id}"}
    assert (await http.get("/ok")).json()["ok"] is True
    assert (await http.get("/threads/other")).json() == {"detail": "Invalid thread ID: must be a UUID"}
    assert (await http.post("/threads", json={})).status_code == 200
    assert (await http.post("/threads/", json={}, follow_redirects=True)).status_code == 200


async def test_what_nobody_serves_falls_to_their_whole_site_mount(http: httpx.AsyncClient) -> None:
    assert "TypedDict" in (await http.get("/echo.py")).text
    assert (await http.get("/nowhere")).status_code == 404
    assert (await http.put("/shop/orders", json={})).status_code == 405


@pytest.mark.behaviour("app.openapi")
async def test_their_routes_are_documented_and_disabled_ones_are_gone(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()
    assert "/shop/hello/{name}" in described["paths"]
    assert "/threads/{thread_id}" in described["paths"]
    assert "Order" in described["components"]["schemas"]
    assert not [path for path in described["paths"] if path.startswith("/store")]
    assert (await http.post("/store/items/search", json={})).status_code in (404, 405)


@pytest.mark.behaviour("app.websocket")
async def test_a_websocket_of_theirs_works(web: Stack) -> None:
    async with websockets.connect(web.url.replace("http", "ws") + "/shop/echo") as socket:
        for text in ("hello", "again"):
            await socket.send(text)
            assert await socket.recv() == text.upper()


async def test_a_client_that_hangs_up_ends_their_stream(http: httpx.AsyncClient) -> None:
    async with http.stream("GET", "/shop/ever") as answer:
        assert await anext(answer.aiter_lines()) == "tick"

    async def ended() -> bool:
        return bool((await http.get("/shop/hung_up")).json()["hung_up"])

    await until(ended)


@pytest.mark.behaviour("app.blocking-route")
async def test_a_route_that_blocks_freezes_neither_health_nor_the_api(web: Stack) -> None:
    async with web.http() as blocker, web.http() as other:
        waiting = asyncio.create_task(blocker.get("/shop/block"))
        slowest, refused = 0.0, None
        while not waiting.done():
            for path in ("/ok?check_db=1", "/threads/01a1fe20-0000-7000-8000-000000000000"):
                slowest = max(slowest, (await other.get(path)).elapsed.total_seconds())
            refused = refused or await other.get("/shop/hello/ada")
        assert slowest < FROZEN
        assert refused is not None
        assert (refused.status_code, list(refused.json())) == (503, ["detail"])
        assert (await waiting).json() == {"blocked": True}
        assert (await other.get("/shop/hello/ada")).status_code == 200


async def test_their_requests_are_counted_under_their_route(http: httpx.AsyncClient) -> None:
    await http.get("/shop/hello/bob")
    assert (await http.get("/desk/4711")).json() == {"desk": 4711}
    text = (await http.get("/metrics")).text
    assert 'lg_api_http_requests_total{method="GET",path="/shop/hello/{name}",status="200"}' in text
    assert 'path="/desk/{number}"' in text
    assert "bob" not in text
    assert "4711" not in text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def wrapped(template: str, app_folder: Path) -> AsyncIterator[Stack]:
    """A stack with middleware, auth for all routes, CORS of its own and a prefix."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_wrapped template house")
    url = template.replace("/postgres?", "/house_wrapped?")
    config = app_folder / "wrapped.json"
    stack = await Stack.start(url, config=config, env={"HOLDFAST_HANDLER_TIMEOUT": "1"})
    yield stack
    print(stack.logs())
    await stack.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def inside(wrapped: Stack) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"authorization": "Bearer ada"}
    async with httpx.AsyncClient(base_url=wrapped.url + "/agents", headers=headers, timeout=30) as http:
        yield http


@pytest.mark.behaviour("app.middleware")
async def test_their_middleware_surrounds_our_routes(inside: httpx.AsyncClient) -> None:
    made = await inside.post("/threads", json={"metadata": {"k": 1}})
    assert made.json()["metadata"] == {"k": 1, "owner": "ada"}
    assert (made.headers["x-stamp"], made.headers["x-user"]) == ("seen", "ada")
    assert (await inside.get("/threads/forbidden")).status_code == 451
    assert (await inside.get("/shop/teapot/", follow_redirects=True)).status_code == 418
    assert (await inside.post("/threads/", json={}, follow_redirects=True)).status_code == 200
    assert (await inside.get("/threads/x")).json() == {"detail": "Invalid thread ID: must be a UUID"}
    assert "x-stamp" not in (await inside.get("/ok")).headers
    assert 'path="/threads/{thread_id}",status="422"' in (await inside.get("/metrics")).text


@pytest.mark.behaviour("app.middleware", "app.custom-route-auth")
async def test_auth_comes_before_middleware_and_for_their_routes_too(wrapped: Stack) -> None:
    async with wrapped.http() as nobody:
        for path in ("/agents/shop/hello/x", "/agents/threads/01a1fe20-0000-7000-8000-000000000000"):
            refused = await nobody.get(path)
            assert (refused.status_code, refused.json()) == (401, {"detail": "Who are you?"})
            assert "x-stamp" not in refused.headers
        url = wrapped.url.replace("http", "ws") + "/agents/shop/echo"
        with pytest.raises(websockets.InvalidStatus) as denied:
            await websockets.connect(url)
        assert denied.value.response.status_code == 403
        async with websockets.connect(url, additional_headers={"authorization": "Bearer ada"}) as socket:
            await socket.send("in")
            assert await socket.recv() == "IN"


@pytest.mark.behaviour("app.custom-route-auth")
async def test_their_route_knows_the_user(inside: httpx.AsyncClient) -> None:
    assert (await inside.get("/shop/hello/x")).json()["user"] == "ada"
    assert (await inside.post("/shop/orders", json={"item": "tea"})).json() == {"item": "tea"}


@pytest.mark.behaviour("app.mount-prefix")
async def test_everything_is_below_the_prefix_and_clients_find_back(wrapped: Stack) -> None:
    async with wrapped.http() as outside:
        assert (await outside.get("/ok")).status_code == 200
        assert (await outside.get("/info")).status_code == 404
        assert (await outside.get("/agentsx/ok")).status_code == 404
        assert (await outside.get("/agents/docs")).text.count("/agents/docs/") >= 2
    headers = {"authorization": "Bearer ada"}
    async with get_client(url=wrapped.url + "/agents", api_key=None, headers=headers) as client:
        thread = await client.threads.create()
        parts = [p.event async for p in client.runs.stream(thread["thread_id"], "echo", input={"x": 1})]
        assert parts == ["metadata", "values", "values", "values"]
    async with httpx.AsyncClient(base_url=wrapped.url, headers=headers) as http:
        body = {"assistant_id": "echo", "input": {}}
        answer = await http.post(f"/agents/threads/{thread['thread_id']}/runs/wait", json=body)
        assert answer.headers["location"].startswith("/agents/threads/")
        assert (await http.get(answer.headers["location"])).status_code == 200


async def test_a_hung_up_stream_through_middleware_cancels_its_run(inside: httpx.AsyncClient) -> None:
    thread = (await inside.post("/threads", json={})).json()["thread_id"]
    body = {"assistant_id": "slow", "input": {"seconds": 60}, "on_disconnect": "cancel"}
    async with inside.stream("POST", f"/threads/{thread}/runs/stream", json=body) as answer:
        async for line in answer.aiter_lines():
            if "before" in line:
                break

    async def stopped() -> bool:
        [run] = (await inside.get(f"/threads/{thread}/runs")).json()
        return str(run["status"]) == "interrupted"

    await until(stopped)


@pytest.mark.behaviour("cors.configured")
async def test_cors_of_langgraph_json_replaces_the_default(inside: httpx.AsyncClient) -> None:
    asks = {"origin": "https://ours.example", "access-control-request-method": "POST"}
    allowed = await inside.options("/threads", headers=asks)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://ours.example"
    assert allowed.headers["access-control-max-age"] == "60"
    assert (
        await inside.options("/threads", headers=asks | {"origin": "https://evil.example"})
    ).status_code == 400
    answer = await inside.post("/threads", json={}, headers={"origin": "https://ours.example"})
    assert answer.headers["access-control-allow-credentials"] == "true"
    exposed = answer.headers["access-control-expose-headers"]
    assert {"location", "content-location", "x-stamp"} <= set(exposed.split(", "))
    evil = await inside.post("/threads", json={}, headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in evil.headers


async def test_middleware_that_blocks_does_not_freeze_health(
    wrapped: Stack, inside: httpx.AsyncClient
) -> None:
    async with wrapped.http() as other:
        waiting = asyncio.create_task(inside.post("/threads", json={}, headers={"x-block": "1"}))
        slowest = 0.0
        while not waiting.done():
            for path in ("/ok?check_db=1", "/agents/info", "/metrics"):
                slowest = max(slowest, (await other.get(path)).elapsed.total_seconds())
        assert slowest < FROZEN
        assert (await waiting).status_code == 200


@pytest.mark.behaviour("app.lifespan")
async def test_the_lifespan_is_closed_when_the_server_stops(database: str, app_folder: Path) -> None:
    stack = await Stack.start(database, config=app_folder / "web.json", workers=0)
    with contextlib.closing(stack.api.log.open()) as log:
        await stack.stop()
        assert log.read().splitlines() == ["web: opened", "web: closed"]
