"""HTTP around the resources: bodies, errors, CORS, health."""

from __future__ import annotations

import json

import httpx
import pytest
from api.scene import FROZEN, Client

ORIGIN = {"origin": "https://smith.langchain.com"}


@pytest.mark.behaviour("http.json-in-plain-text")
@pytest.mark.parametrize("content_type", ["text/plain", "text/plain;charset=UTF-8", "application/json", None])
async def test_a_body_is_json_whatever_its_type_says(
    http: httpx.AsyncClient, content_type: str | None
) -> None:
    body = json.dumps({"limit": 100, "offset": 0, "metadata": {"created_by": "system"}}).encode()
    headers = {"content-type": content_type} if content_type else {}
    response = await http.post("/assistants/search", content=body, headers=headers)
    assert response.status_code == 200
    assert "echo" in {a["graph_id"] for a in response.json()}


@pytest.mark.behaviour("http.unknown-fields-ignored")
async def test_unknown_fields_are_ignored(http: httpx.AsyncClient) -> None:
    body = {
        "assistant_id": "echo", "input": {"x": 1}, "strict_resume": True, "langsmith_tracer": {"a": 1},
        "checkpoint_during": False, "durability": "exit", "invented_tomorrow": [1],
    }  # fmt: skip
    assert (await http.post("/runs/wait", json=body)).json()["x"] == 1


@pytest.mark.behaviour("http.error-detail-string")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PATCH", "/threads/01a1fe20-0000-7000-8000-000000000000/state", 405),
        ("GET", "/threads/not-a-uuid", 422),
        ("GET", "/threads/01a1fe20-0000-7000-8000-000000000000", 404),
        ("GET", "/threads/01a1fe20-0000-7000-8000-000000000000/history?limit=many", 422),
        ("POST", "/threads/01a1fe20-0000-7000-8000-000000000000/runs/wait", 422),
    ],
)
async def test_every_error_is_one_sentence(
    http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    response = await http.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert list(response.json()) == ["detail"]
    assert isinstance(response.json()["detail"], str)


@pytest.mark.behaviour("cors.exposes-location", "cors.exposes-pagination")
async def test_browsers_may_call_and_see_the_headers_they_need(http: httpx.AsyncClient) -> None:
    response = await http.get("/info", headers=ORIGIN)
    assert response.headers["access-control-allow-origin"] in ("*", ORIGIN["origin"])
    exposed = response.headers["access-control-expose-headers"].lower()
    for name in ("content-location", "location", "x-pagination-total", "x-pagination-next"):
        assert name in exposed


@pytest.mark.behaviour("cors.preflight", "cors.private-network")
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "PUT"])
async def test_preflights_are_answered_also_from_a_private_network(
    http: httpx.AsyncClient, method: str
) -> None:
    asked = {
        "access-control-request-method": method,
        "access-control-request-headers": "x-api-key,x-auth-scheme,last-event-id,content-type",
        "access-control-request-private-network": "true",
    }
    response = await http.options("/threads/search", headers=ORIGIN | asked)
    assert response.status_code == 200
    assert response.headers["access-control-allow-private-network"] == "true"
    assert "x-auth-scheme" in response.headers["access-control-allow-headers"].lower()


@pytest.mark.behaviour("cors.errors-too")
async def test_errors_carry_cors_headers_too(http: httpx.AsyncClient) -> None:
    assert "access-control-allow-origin" in (await http.get("/threads/x", headers=ORIGIN)).headers


@pytest.mark.behaviour("http.trailing-slash")
async def test_a_trailing_slash_finds_the_way(http: httpx.AsyncClient) -> None:
    response = await http.post("/threads/", json={}, follow_redirects=True)
    assert response.status_code == 200


@pytest.mark.behaviour("info.ok", "info.version-and-flags")
async def test_health_and_identity(http: httpx.AsyncClient) -> None:
    for path in ("/ok", "/", "/ok?check_db=1"):
        assert (await http.get(path)).json()["ok"] is True
    info = (await http.get("/info")).json()
    assert info["flags"]["assistants"] is True
    assert info["host"]["project_id"] is None
    assert tuple(map(int, info["version"].split("."))) >= (0, 4, 35)


@pytest.mark.behaviour("http.openapi")
async def test_the_documentation_covers_the_bodies(http: httpx.AsyncClient) -> None:
    described = (await http.get("/openapi.json")).json()
    body = described["paths"]["/threads/{thread_id}/runs/stream"]["post"]["requestBody"]
    assert "assistant_id" in body["content"]["application/json"]["schema"]["required"]
    assert (await http.get("/docs")).status_code == 200


@pytest.mark.behaviour("info.ok")
async def test_the_server_answers_while_user_code_blocks_the_worker(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    run = await client.runs.create(thread_id, "slow", input={"seconds": 3.0, "blocking": True})
    slowest = 0.0
    while (await client.runs.get(thread_id, run["run_id"]))["status"] in ("pending", "running"):
        answer = await http.get("/ok?check_db=1")
        slowest = max(slowest, answer.elapsed.total_seconds())
        assert (await client.threads.get_state(thread_id))["values"] is not None
    assert slowest < FROZEN
    assert (await client.runs.join(thread_id, run["run_id"]))["log"] == ["before", "slept", "after"]
