"""What LangGraph Studio sends from the browser: plain-text bodies, its headers, preflights, debug streams."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import httpx
import pytest
from api.framing import frames
from api.scene import Client

pytestmark = pytest.mark.behaviour("studio.requests")

HEADERS = {
    "origin": "https://smith.langchain.com", "x-api-key": "any", "x-auth-scheme": "langsmith",
    "x-user-id": "01a1fe20-0000-7000-8000-000000000000", "content-type": "text/plain;charset=UTF-8",
    "x-tenant-id": "01a1fe20-0000-7000-8000-000000000000",
}  # fmt: skip


async def send(http: httpx.AsyncClient, method: str, path: str, body: Any = None) -> httpx.Response:
    """A request as the browser sends it; an error fails."""
    content = None if body is None else json.dumps(body)
    response = await http.request(method, path, content=content, headers=HEADERS)
    assert response.status_code < 300, (path, response.text)
    assert "access-control-allow-origin" in response.headers
    return response


async def default_assistant(http: httpx.AsyncClient, graph: str) -> Any:
    body = {"limit": 1000, "offset": 0, "metadata": {"created_by": "system"}}
    found = (await send(http, "POST", "/assistants/search", body)).json()
    return next(a for a in found if a["graph_id"] == graph)


@pytest.mark.behaviour("info.version-and-flags")
async def test_it_reads_version_and_flags(http: httpx.AsyncClient) -> None:
    info = (await send(http, "GET", "/info")).json()
    assert tuple(map(int, info["version"].split("."))) >= (0, 4, 35)
    assert info["flags"]["assistants"] is True


@pytest.mark.behaviour("assistants.default-per-graph", "assistants.graph-and-schemas")
async def test_it_draws_a_graph_and_its_forms(http: httpx.AsyncClient) -> None:
    assistant = await default_assistant(http, "sub")
    UUID(assistant["assistant_id"])
    assert assistant["metadata"]["created_by"] == "system"
    path = f"/assistants/{assistant['assistant_id']}"
    for xray in ("true", "1"):
        drawing = (await send(http, "GET", f"{path}/graph?xray={xray}")).json()
        assert "calm:inner" in {n["id"] for n in drawing["nodes"]}
        assert {"source", "target"} <= set(drawing["edges"][0])
    schemas = (await send(http, "GET", f"{path}/schemas")).json()
    assert {"input_schema", "output_schema", "state_schema", "config_schema"} <= set(schemas)


@pytest.mark.behaviour("http.json-in-plain-text", "stream.debug-checkpoints")
async def test_a_run_is_streamed_as_debug_and_messages(http: httpx.AsyncClient) -> None:
    thread = (await send(http, "POST", "/threads", {"metadata": {"assistant_id": "agent"}})).json()
    body = {
        "assistant_id": (await default_assistant(http, "agent"))["assistant_id"],
        "input": {"messages": [{"type": "human", "content": "Oslo"}]},
        "config": {"configurable": {}, "recursion_limit": 100}, "metadata": {"from_studio": True},
        "stream_mode": ["debug", "messages"], "stream_subgraphs": True, "multitask_strategy": "rollback",
        "interrupt_before": [], "interrupt_after": [], "checkpoint": None, "feedback_keys": None,
    }  # fmt: skip
    events = frames((await send(http, "POST", f"/threads/{thread['thread_id']}/runs/stream", body)).content)
    assert {name.partition("|")[0] for name, _, _ in events} == {
        "metadata", "debug", "messages/metadata", "messages/partial", "messages/complete",
    }  # fmt: skip
    points = [d["payload"] for n, d, _ in events if n == "debug" and d["type"] == "checkpoint"]
    assert all(p["checkpoint"]["thread_id"] == thread["thread_id"] for p in points)
    assert points[1]["parent_checkpoint"] == points[0]["checkpoint"]


async def test_sub_graphs_are_shown_under_their_names(http: httpx.AsyncClient, thread_id: str) -> None:
    body = {
        "assistant_id": "sub",
        "input": {},
        "stream_mode": ["debug", "messages"],
        "stream_subgraphs": True,
    }
    events = frames((await send(http, "POST", f"/threads/{thread_id}/runs/stream", body)).content)
    assert {"debug|calm", "debug|asking"} <= {name.partition(":")[0] for name, _, _ in events}


@pytest.mark.behaviour("state.copy-runs-again")
async def test_a_step_is_run_again(client: Client, http: httpx.AsyncClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    states = (await send(http, "POST", f"/threads/{thread_id}/history", {"limit": 1000})).json()
    middle = next(s for s in states if s["next"] == ["second"])
    body = {"values": None, "as_node": "__copy__", "checkpoint": middle["checkpoint"]}
    forked = (await send(http, "POST", f"/threads/{thread_id}/state", body)).json()
    body = {
        "assistant_id": "echo",
        "input": None,
        "checkpoint": forked["checkpoint"],
        "stream_mode": ["debug"],
    }
    await send(http, "POST", f"/threads/{thread_id}/runs/stream", body)
    state = (await send(http, "GET", f"/threads/{thread_id}/state?subgraphs=true")).json()
    assert (state["values"]["log"], state["next"]) == (["first", "second"], [])


async def test_a_state_is_edited_at_a_checkpoint_and_a_thread_forked(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    middle = (await send(http, "POST", f"/threads/{thread_id}/history", {"limit": 2})).json()[1]
    body = {"values": {"x": 2}, "as_node": "first", "checkpoint": middle["checkpoint"]}
    await send(http, "POST", f"/threads/{thread_id}/state", body)
    copied = (await send(http, "POST", f"/threads/{thread_id}/copy")).json()
    state = (await send(http, "GET", f"/threads/{copied['thread_id']}/state")).json()
    assert (state["values"]["x"], state["next"]) == (2, ["second"])


async def test_threads_are_listed_renamed_and_deleted(http: httpx.AsyncClient) -> None:
    made = (await send(http, "POST", "/threads", {"metadata": {"graph_id": "echo"}})).json()
    path = f"/threads/{made['thread_id']}"
    renamed = (await send(http, "PATCH", path, {"metadata": {"thread_name": "mine"}})).json()
    assert renamed["metadata"] == {"graph_id": "echo", "thread_name": "mine"}
    body = {
        "limit": 1,
        "offset": 0,
        "metadata": {"graph_id": "echo"},
        "sort_by": "created_at",
        "sort_order": "desc",
    }
    assert (await send(http, "POST", "/threads/search", body)).json() == [renamed]
    await send(http, "DELETE", path)


@pytest.mark.behaviour("cors.preflight", "cors.private-network")
@pytest.mark.parametrize("path", ["/info", "/assistants/search", "/threads", "/threads/x/runs/stream"])
async def test_preflights_from_its_page_are_answered(http: httpx.AsyncClient, path: str) -> None:
    asked = {
        "origin": HEADERS["origin"], "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-api-key,x-auth-scheme,x-tenant-id,x-user-id",
        "access-control-request-private-network": "true",
    }  # fmt: skip
    response = await http.options(path, headers=asked)
    assert response.status_code == 200
    assert response.headers["access-control-allow-private-network"] == "true"
    assert response.headers["access-control-allow-origin"] in ("*", HEADERS["origin"])
    allowed = response.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in ("x-api-key", "x-auth-scheme", "x-tenant-id", "x-user-id"))
