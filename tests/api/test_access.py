"""Who may see what: every route, asked by the owner, by a stranger and by nobody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from api.access import PUBLIC, ROUTES, YEARLY, Route
from api.scene import FROZEN
from langgraph_sdk import get_client
from stack import Stack

ADA = {"authorization": "Bearer ada"}
BOB = {"authorization": "Bearer bob"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def secured(template: str, app_folder: Path) -> AsyncIterator[Stack]:
    """A stack whose langgraph.json names the classic owner handler."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_secured template house")
    url = template.replace("/postgres?", "/house_secured?")
    stack = await Stack.start(
        url, config=app_folder / "secured.json", env={"HOLDFAST_HANDLER_TIMEOUT": "1.5"}
    )
    yield stack
    print(stack.logs())
    await stack.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(secured: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client that says who it is only where a test says so."""
    async with secured.http() as http:
        yield http


@pytest_asyncio.fixture(loop_scope="session")
async def things(http: httpx.AsyncClient) -> dict[str, str]:
    """What Ada owns: a thread with a finished run and its checkpoint, and an assistant."""
    made = (await http.post("/threads", json={}, headers=ADA)).json()
    thread = f"/threads/{made['thread_id']}"
    await http.post(f"{thread}/runs/wait", json={"assistant_id": "echo", "input": {"x": 1}}, headers=ADA)
    [run] = (await http.get(f"{thread}/runs", headers=ADA)).json()
    state = (await http.get(f"{thread}/state", headers=ADA)).json()
    assistant = (await http.post("/assistants", json={"graph_id": "echo"}, headers=ADA)).json()
    cron = (await http.post("/runs/crons", json=YEARLY, headers=ADA)).json()
    return {
        "cron_id": cron["cron_id"],
        "thread_id": made["thread_id"],
        "run_id": run["run_id"],
        "checkpoint_id": state["checkpoint"]["checkpoint_id"],
        "namespace": "calm",
        "assistant_id": assistant["assistant_id"],
    }


async def asked(http: httpx.AsyncClient, route: Route, things: dict[str, str], **who: Any) -> httpx.Response:
    body = None if route.body is None else _filled(route.body, things)
    path, query = route.path.format(**things), _filled(route.query, things)
    async with http.stream(route.method, path, json=body, params=query, **who) as answer:
        if not (route.endless and answer.is_success):
            await answer.aread()
        return answer


def _filled(body: Any, things: dict[str, str]) -> Any:
    text = json.dumps(body)
    for name, value in things.items():
        text = text.replace("{" + name + "}", value)
    return json.loads(text)


@pytest.mark.behaviour("access.others-are-404", "access.unknown-caller-is-401")
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_only_the_owner_finds_it(http: httpx.AsyncClient, things: dict[str, str], route: Route) -> None:
    nobody = await asked(http, route, things)
    assert (nobody.status_code, nobody.json()) == (401, {"detail": "Who are you?"})
    stranger = await asked(http, route, things, headers=BOB)
    if route.kind == "closed":
        assert stranger.status_code == 404, stranger.text
    elif route.kind == "told":
        assert "not found" in stranger.text
    else:
        assert stranger.status_code < 300, stranger.text
        assert not [name for name, value in things.items() if value in stranger.text]
    owner = await asked(http, route, things, headers=ADA)
    assert owner.status_code in route.owner_gets or owner.status_code < 300, owner.text


@pytest.mark.behaviour("access.every-route")
async def test_every_route_is_in_the_table_or_public(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()["paths"]
    served = {(method.upper(), path) for path, methods in described.items() for method in methods}
    known = {(route.method, route.path) for route in ROUTES} | PUBLIC
    assert served - known == set(), "add these routes to tests/api/access.py"
    assert known - served == set(), "these routes are gone"


@pytest.mark.behaviour("access.public-routes")
@pytest.mark.parametrize(
    "path", ["/ok", "/ok?check_db=1", "/", "/info", "/openapi.json", "/metrics", "/docs"]
)
async def test_nobody_is_asked_at_the_door(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 200


@pytest.mark.behaviour("access.preflight")
async def test_a_preflight_needs_no_login(http: httpx.AsyncClient) -> None:
    asks = {"origin": "https://x.example", "access-control-request-method": "POST"}
    assert (await http.options("/threads", headers=asks)).status_code == 200
    refused = await http.get("/threads/x", headers={"origin": "https://x.example"})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")


@pytest.mark.behaviour("access.studio-header")
async def test_the_studio_header_opens_nothing(http: httpx.AsyncClient, things: dict[str, str]) -> None:
    studio = {"x-auth-scheme": "langsmith", "x-api-key": "lsv2_anything"}
    assert (await http.get(f"/threads/{things['thread_id']}", headers=studio)).status_code == 401


@pytest.mark.behaviour("access.handler-writes-metadata")
async def test_what_a_caller_makes_is_theirs(http: httpx.AsyncClient) -> None:
    made = f"/threads/{'01a1fe20-0000-7000-8000-00000000'}abcd"
    body = {"assistant_id": "echo", "input": {"x": 1}, "if_not_exists": "create"}
    answer = await http.post(f"{made}/runs/wait", json=body, headers=ADA)
    assert answer.status_code == 200, answer.text
    assert (await http.get(made, headers=ADA)).json()["metadata"]["owner"] == "ada"
    assert (await http.get(made, headers=BOB)).status_code == 404
    run = (await http.post("/runs", json={"assistant_id": "echo", "input": {}}, headers=ADA)).json()
    place = f"/threads/{run['thread_id']}/runs/{run['run_id']}/join"
    assert (await http.get(place, headers=BOB)).status_code == 404
    assert (await http.get(place, headers=ADA)).status_code == 200


@pytest.mark.behaviour("access.handler-writes-metadata")
async def test_an_owner_cannot_be_claimed(http: httpx.AsyncClient, things: dict[str, str]) -> None:
    for path in (f"/threads/{things['thread_id']}", f"/assistants/{things['assistant_id']}"):
        changed = await http.patch(path, json={"metadata": {"owner": "bob"}}, headers=ADA)
        assert changed.json()["metadata"]["owner"] == "ada"
    claims = {"graph_id": "echo", "metadata": {"created_by": "system"}}
    assert (await http.post("/assistants", json=claims, headers=BOB)).status_code == 403


@pytest.mark.behaviour("access.default-assistants")
async def test_everybody_runs_the_default_assistants_and_nobody_changes_them(http: httpx.AsyncClient) -> None:
    found = await http.post("/assistants/search", json={"metadata": {"created_by": "system"}}, headers=BOB)
    [echo] = [a for a in found.json() if a["graph_id"] == "echo"]
    body = {"assistant_id": echo["assistant_id"], "input": {"x": 7}}
    assert (await http.post("/runs/wait", json=body, headers=BOB)).json()["x"] == 7
    path = f"/assistants/{echo['assistant_id']}"
    assert (await http.patch(path, json={"name": "mine"}, headers=BOB)).status_code == 404
    assert (await http.delete(path, headers=BOB)).status_code == 404


@pytest.mark.behaviour("access.user-in-configurable", "access.configurable-headers")
async def test_a_run_knows_its_user_and_the_chosen_headers(http: httpx.AsyncClient) -> None:
    claim = {"langgraph_auth_user_id": "eve", "langgraph_auth_user": {"identity": "eve"}, "mine": 1}
    body = {"assistant_id": "told", "input": {}, "config": {"configurable": claim}}
    headers = ADA | {
        "x-team": "blue", "X-Tag-Color": "red", "x-tag-private": "no", "x-api-key": "k", "cookie": "c=1",
        "langgraph_auth_user_id": "eve",
    }  # fmt: skip
    told = (await http.post("/runs/wait", json=body, headers=headers)).json()["told"]
    assert told["langgraph_auth_user_id"] == told["user_id"] == "ada"
    assert told["langgraph_auth_permissions"] == ["work"]
    assert told["langgraph_auth_user"] == {
        "identity": "ada", "display_name": "Ada", "permissions": ["work"], "team": "red",
        "is_authenticated": True,
    }  # fmt: skip
    assert (told["x-team"], told["x-tag-color"], told["mine"]) == ("blue", "red", 1)
    assert not {"x-tag-private", "x-api-key", "authorization", "cookie"} & told.keys()


async def test_who_reads_a_thread_does_not_read_what_its_callers_brought(
    http: httpx.AsyncClient, things: dict[str, str]
) -> None:
    runs = (await http.get(f"/threads/{things['thread_id']}/runs", headers=ADA)).text
    assert "langgraph_auth" not in runs
    assert "brought" not in runs


@pytest.mark.behaviour("access.refused-is-403", "access.handler-fails-closed")
@pytest.mark.parametrize(
    ("who", "status", "detail"),
    [
        ("wrong", 401, "That is no token of ours"),
        ("nobody", 401, "Unauthorized"),
        ("bug", 500, "The auth handler failed (KeyError); the server's log has the details"),
        ("exit", 500, "The auth handler failed (UserCodeExited); the server's log has the details"),
        ("hanger", 504, "The auth handler did not answer in 1.5 s; try again"),
        ("forbidden", 403, "Forbidden"),
    ],
)
async def test_a_handler_that_fails_lets_nobody_in(
    http: httpx.AsyncClient, who: str, status: int, detail: str
) -> None:
    answer = await http.post("/threads", json={}, headers={"authorization": f"Bearer {who}"})
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})
    assert (await http.post("/threads", json={}, headers=ADA)).status_code == 200


@pytest.mark.behaviour("access.unknown-caller-is-401")
async def test_a_refusal_carries_the_handlers_headers_and_words(http: httpx.AsyncClient) -> None:
    assert (await http.get("/threads/x")).headers["www-authenticate"] == "Bearer"
    secret = await http.post("/threads", json={"metadata": {"topic": "secret"}}, headers=ADA)
    assert (secret.status_code, secret.json()) == (403, {"detail": "Not that topic"})


@pytest.mark.behaviour("access.handler-fails-closed")
async def test_a_handler_that_blocks_does_not_freeze_the_api(secured: Stack) -> None:
    async with secured.http() as blocker, secured.http() as other:
        stuck = blocker.build_request("GET", "/threads/x", headers={"authorization": "Bearer blocker"})
        waiting = asyncio.create_task(blocker.send(stuck))
        slowest = 0.0
        while not waiting.done():
            answer = await other.get("/ok?check_db=1")
            slowest = max(slowest, answer.elapsed.total_seconds())
        assert slowest < FROZEN
        assert (await waiting).status_code == 504
        # The thread is still blocked for a while, and then serves again.
        while (await other.post("/threads", json={}, headers=ADA)).status_code == 504:
            pass
        assert (await other.post("/threads", json={}, headers=ADA)).status_code == 200


@pytest.mark.behaviour("access.python-sdk")
async def test_the_official_client_comes_in_with_its_header(secured: Stack) -> None:
    async with get_client(url=secured.url, api_key=None, headers=ADA) as client:
        thread: Any = await client.threads.create(metadata={"owner": "eve", "k": "v"})
        parts = [p async for p in client.runs.stream(thread["thread_id"], "echo", input={"x": 1})]
        assert parts[0].event == "metadata"
        found: Any = await client.threads.search(metadata={"k": "v"})
        assert {t["metadata"]["owner"] for t in found} == {"ada"}
