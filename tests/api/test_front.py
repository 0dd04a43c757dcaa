"""What every request passes: its id, its count, the body's limit; and the pages for operators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from api.scene import Client, busy_run
from prometheus_client.parser import text_string_to_metric_families
from stack import running

from holdfast_server.access.gatekeeper import OpenHouse
from holdfast_server.api.app import make_app
from holdfast_server.settings import Settings
from holdfast_server.workers.rescuer import Rescuer

STUDIO = {
    "origin": "https://smith.langchain.com",
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type,x-api-key,x-auth-scheme,x-tenant-id,x-user-id",
    "access-control-request-private-network": "true",
}


@pytest.mark.behaviour("cors.private-network")
async def test_a_preflight_of_studio_from_a_private_network_is_allowed(http: httpx.AsyncClient) -> None:
    answer = await http.options("/assistants/search", headers=STUDIO)
    assert (answer.status_code, answer.text) == (200, "OK")
    assert answer.headers["access-control-allow-private-network"] == "true"
    assert answer.headers["access-control-allow-headers"] == STUDIO["access-control-request-headers"]
    assert answer.headers["access-control-max-age"] == "600"


@pytest.mark.behaviour("http.request-id")
async def test_a_request_keeps_its_id_or_gets_one(http: httpx.AsyncClient) -> None:
    assert (await http.get("/info", headers={"x-request-id": "mine-1"})).headers["x-request-id"] == "mine-1"
    made = {(await http.get(path)).headers["x-request-id"] for path in ("/info", "/info", "/nowhere")}
    assert len(made) == 3
    garbage = (await http.get("/info", headers={"x-request-id": "a b" * 500})).headers["x-request-id"]
    assert len(garbage) == 36


async def test_a_body_above_the_limit_is_refused_before_and_while_it_is_read(database: str) -> None:
    async with running(database, workers=0, env={"HOLDFAST_MAX_BODY": "1000"}) as stack, stack.http() as http:

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b" " * 100

        sentence = "The body is larger than 1000 bytes; send less, or raise HOLDFAST_MAX_BODY"
        origin = {"origin": "http://localhost:3000"}
        for body in (b" " * 1001, chunks()):
            answer = await http.post("/threads", content=body, headers=origin)
            assert (answer.status_code, answer.json()) == (413, {"detail": sentence})
            assert answer.headers["access-control-allow-origin"] == origin["origin"]
        assert (await http.post("/threads", content=b"{}" + b" " * 998)).status_code == 200


@pytest.mark.behaviour("http.metrics")
async def test_metrics_show_what_runs_and_what_was_asked(client: Client, http: httpx.AsyncClient) -> None:
    thread = await client.threads.create()
    run = await busy_run(client, thread["thread_id"])
    found: dict[tuple[Any, ...], float] = {}

    async def read() -> None:
        text = (await http.get("/metrics")).text
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name, *sorted(sample.labels.items())] = sample.value

    try:
        async with asyncio.timeout(5):
            while found.get(("holdfast_runs", ("state", "running"))) != 1:
                await read()
        assert found["lg_api_workers_max",] == 10
        assert found["lg_api_workers_available",] == 9
        assert found["holdfast_workers_alive",] == 1
        labels = (("method", "POST"), ("path", "/threads/{thread_id}/runs"), ("status", "200"))
        assert found["lg_api_http_requests_total", *labels] >= 1
        assert found["lg_api_http_requests_latency_count", *labels] >= 1
        assert found["holdfast_event_loop_lag_seconds",] >= 0
        shown = (await http.get("/metrics?format=json")).json()
        assert shown["workers"] == {"max": 10, "active": 1, "available": 9}
        assert (shown["queue"]["n_running"], shown["queue"]["n_pending"]) == (1, 0)
        assert set(shown) == {"queue", "workers", "api"}
    finally:
        await client.runs.cancel(thread["thread_id"], run, wait=True)


async def test_unknown_paths_share_one_count(http: httpx.AsyncClient) -> None:
    for n in range(3):
        await http.get(f"/nowhere/{n}")
    text = (await http.get("/metrics")).text
    assert 'path="unmatched"' in text
    assert "nowhere" not in text


async def test_the_documentation_page_needs_nothing_from_elsewhere(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
        assert f"/docs/{name}" in page
        asset = await http.get(f"/docs/{name}")
        assert asset.status_code == 200
        assert len(asset.content) > 100
    assert (await http.get("/docs/..%2f__init__.py")).status_code == 404


@pytest.mark.behaviour("http.disabled-parts")
@pytest.mark.parametrize(
    ("part", "gone", "stays"),
    [
        ("assistants", "/assistants/search", "/threads/search"),
        ("threads", "/threads/search", "/runs"),
        ("runs", "/threads/{thread_id}/runs/stream", "/threads/search"),
        ("meta", "/info", "/ok"),
    ],
)
def test_a_part_that_is_switched_off_is_gone(part: Any, gone: str, stays: str) -> None:
    app = make_app(Settings(), companion=Rescuer, gatekeeper=OpenHouse(), disabled=[part])
    paths = app.openapi()["paths"]
    assert gone not in paths
    assert stays in paths
    whole = make_app(Settings(), companion=Rescuer, gatekeeper=OpenHouse())
    assert gone in whole.openapi()["paths"], "a part taken from one application is taken from that one only"


@pytest.mark.behaviour("http.disabled-parts")
async def test_disabled_routes_answer_404(database: str, tmp_path: Path, app_folder: Path) -> None:
    config = tmp_path / "langgraph.json"
    graph = str(app_folder / "echo.py") + ":graph"
    http = '{"disable_runs": true, "disable_meta": true}'
    config.write_text(f'{{"graphs": {{"echo": "{graph}"}}, "http": {http}}}')
    async with running(database, workers=0, config=config) as stack, stack.http() as client:
        assert (await client.post("/runs/wait", json={"assistant_id": "echo"})).status_code == 404
        for path in ("/info", "/metrics", "/docs", "/openapi.json"):
            assert (await client.get(path)).json() == {"detail": "Not Found"}
        assert (await client.post("/threads", json={})).status_code == 200
