"""MCP and A2A ask the gatekeeper like every other route: a real application with a strict one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
import pytest
from stack import SESSION
from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import Action, Resource
from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible, visible_under
from holdfast_server.api.app import make_app
from holdfast_server.db.statements import statement
from holdfast_server.errors import ApiError
from holdfast_server.runs.assistant import default_assistant_id
from holdfast_server.settings import Settings
from holdfast_server.workers.rescuer import Rescuer


class OwnThingsOnly:
    """Everybody has a name and sees what is theirs; `mallory` may do nothing."""

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        name = connection.headers.get("x-user")
        if name is None:
            raise ApiError(401, "Say who you are")
        return Principal(user={"identity": name})

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        name = (caller.user or {})["identity"]
        if name == "mallory":
            raise ApiError(403, "Forbidden")
        if action in ("create", "create_run"):
            value.setdefault("metadata", {})["owner"] = name
        return visible_under({"owner": name})


@asynccontextmanager
async def served(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """The application on a database where one graph is published."""
    known = {"graph_id": "echo", "assistant_id": default_assistant_id("echo")}
    told = {"description": None, "schemas": "{}", "drawing": "{}", "subgraphs": "{}", "error": None}
    with psycopg.connect(database, options=SESSION) as conn:
        conn.execute(statement("publish_graph"), known | told)
    app = make_app(Settings(database_url=database), companion=Rescuer, gatekeeper=OwnThingsOnly())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
    ):
        yield http


def rpc(method: str, **params: Any) -> dict[str, Any]:
    """A request as it goes over the wire."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def sending(**more: Any) -> dict[str, Any]:
    """A message that starts a task and does not wait."""
    message = {"messageId": "1", "role": "user", "parts": [{"kind": "data", "data": {"x": 1}}], **more}
    return rpc("message/send", message=message, configuration={"blocking": False})


ADA, BOB, MALLORY = ({"x-user": name} for name in ("ada", "bob", "mallory"))


@pytest.mark.behaviour("mcp.access")
async def test_tools_are_those_that_the_caller_may_see(database: str) -> None:
    async with served(database) as http:
        made = await http.post("/assistants", json={"graph_id": "echo", "name": "adas"}, headers=ADA)
        assert made.status_code == 200
        names = {}
        for user in (ADA, BOB):
            listed = (await http.post("/mcp", json=rpc("tools/list"), headers=user)).json()
            names[user["x-user"]] = {tool["name"] for tool in listed["result"]["tools"]}
        called = (await http.post("/mcp", json=rpc("tools/call", name="adas"), headers=BOB)).json()
    assert names == {"ada": {"echo", "adas"}, "bob": {"echo"}}
    assert called["error"]["code"] == -32602


@pytest.mark.behaviour("a2a.access")
async def test_tasks_and_contexts_are_those_that_the_caller_may_see(database: str) -> None:
    async with served(database) as http:
        task = (await http.post("/a2a/echo", json=sending(), headers=ADA)).json()["result"]
        assert task["status"]["state"] == "submitted"
        for method in ("tasks/get", "tasks/cancel", "tasks/resubscribe"):
            hidden = await http.post("/a2a/echo", json=rpc(method, id=task["id"]), headers=BOB)
            assert '"code":-32001' in hidden.text.replace(" ", "")
        intruding = await http.post("/a2a/echo", json=sending(contextId=task["contextId"]), headers=BOB)
        assert intruding.json()["error"]["code"] == -32602
        answering = await http.post("/a2a/echo", json=sending(taskId=task["id"]), headers=BOB)
        assert answering.json()["error"]["code"] == -32001
        mine = await http.post("/a2a/echo", json=rpc("tasks/cancel", id=task["id"]), headers=ADA)
        assert mine.json()["result"]["status"]["state"] == "canceled"


@pytest.mark.behaviour("mcp.pages")
async def test_a_long_list_of_tools_comes_in_pages(database: str) -> None:
    async with served(database) as http:
        with psycopg.connect(database, options=SESSION) as conn:
            conn.execute(
                "insert into assistant (assistant_id, graph_id, name, metadata) select gen_random_uuid(),"
                """ 'echo', 'twin', '{"owner": "ada"}' from generate_series(1, 250)"""
            )
        names: list[str] = []
        cursor: dict[str, str] = {}
        for size in (100, 100, 51):
            listed = (await http.post("/mcp", json=rpc("tools/list", **cursor), headers=ADA)).json()["result"]
            names += [tool["name"] for tool in listed["tools"]]
            assert len(listed["tools"]) == size
            cursor = {"cursor": listed.get("nextCursor")}
    assert cursor == {"cursor": None}
    assert len(set(names)) == 251


# The packages answer what happens inside a call with 200; an assistant is looked up before.
@pytest.mark.parametrize(("path", "status"), [("/mcp", 200), ("/a2a/echo", 403)])
async def test_who_says_no_name_or_may_nothing_is_told_so(database: str, path: str, status: int) -> None:
    async with served(database) as http:
        body = rpc("tools/list") if path == "/mcp" else sending()
        assert (await http.post(path, json=body)).status_code == 401
        forbidden = await http.post(path, json=body, headers=MALLORY)
        assert (forbidden.status_code, forbidden.json()["error"]["code"]) == (status, -32600)
        card = await http.get("/a2a/echo/.well-known/agent-card.json")
        assert card.status_code == 401
