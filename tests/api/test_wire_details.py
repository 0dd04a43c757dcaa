"""Details of single requests that one client or another relies on."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from api.framing import frames
from api.scene import Client

NOBODY = "01a1fe20-0000-7000-8000-000000000000"


@pytest.mark.behaviour("query.lists-in-three-encodings")
async def test_runs_are_selected_in_every_encoding_of_a_list(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "echo", input={})
    encodings: list[Any] = [
        [("select", "run_id"), ("select", "status")],
        {"select": "run_id,status"},
        {"select": json.dumps(["run_id", "status"])},
    ]
    for params in encodings:
        (run,) = (await http.get(f"/threads/{thread_id}/runs", params=params)).json()
        assert set(run) == {"run_id", "status"}


@pytest.mark.behaviour("stream.newer-modes-accepted")
async def test_the_newest_stream_modes_are_taken(http: httpx.AsyncClient) -> None:
    body = {"assistant_id": "echo", "input": {}, "stream_mode": ["values", "tools", "lifecycle"]}
    response = await http.post("/runs/stream", json=body)
    assert response.status_code == 200
    assert {name for name, _, _ in frames(response.content)} == {"metadata", "values", "lifecycle"}


@pytest.mark.behaviour("stream.unknown-query-ignored")
async def test_what_newer_clients_add_to_a_query_is_no_mistake(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    body = {"assistant_id": "echo", "input": {"x": 1}, "stream_resumable": True}
    path = f"/threads/{thread_id}/runs/stream"
    whole = await http.post(path, json=body, params={"namespace": ["", "sub"]})
    params = {"checkpoint_id": NOBODY, "namespace": "", "cancel_on_disconnect": "0"}
    joined = await http.get(whole.headers["location"], params=params, headers={"last-event-id": "-1"})
    assert frames(joined.content) == frames(whole.content)
    thread = await http.get(f"/threads/{thread_id}", params={"include": "ttl"})
    assert thread.json()["thread_id"] == thread_id


@pytest.mark.behaviour("runs.object")
async def test_a_run_shows_what_it_was_started_with(http: httpx.AsyncClient, thread_id: str) -> None:
    body = {
        "assistant_id": "echo", "input": {"x": 1}, "stream_mode": "updates", "interrupt_before": "*",
        "stream_subgraphs": True, "stream_resumable": True, "config": {"tags": ["t"]},
    }  # fmt: skip
    run = (await http.post(f"/threads/{thread_id}/runs", json=body)).json()
    assert set(run) >= {
        "run_id", "thread_id", "assistant_id", "metadata", "status", "kwargs", "multitask_strategy",
        "created_at", "updated_at",
    }  # fmt: skip
    kwargs = run["kwargs"]
    assert (kwargs["stream_mode"], kwargs["interrupt_before"]) == (["updates"], "*")
    assert (kwargs["subgraphs"], kwargs["resumable"], kwargs["temporary"]) == (True, True, False)
    assert kwargs["config"]["tags"] == ["t"]


@pytest.mark.behaviour("runs.durability-accepted")
@pytest.mark.parametrize(
    "option", [{"durability": d} for d in ("sync", "async", "exit")] + [{"checkpoint_during": False}], ids=str
)
async def test_every_durability_is_taken(
    client: Client, http: httpx.AsyncClient, thread_id: str, option: dict[str, Any]
) -> None:
    body = {"assistant_id": "echo", "input": {"x": 1}} | option
    assert (await http.post(f"/threads/{thread_id}/runs/wait", json=body)).json()["x"] == 1
    assert len(await client.threads.get_history(thread_id)) == 4


@pytest.mark.behaviour("multitask.reject-is-409")
async def test_a_thread_that_waits_for_a_person_rejects_nobody(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask", input={})
    options: dict[str, Any] = {"command": {"resume": "yes"}, "multitask_strategy": "reject"}
    assert (await client.runs.wait(thread_id, "ask", **options))["answers"] == ["yes"]


@pytest.mark.behaviour("runs.stateless.stream-without-thread")
async def test_a_run_is_joined_by_its_id_alone(http: httpx.AsyncClient) -> None:
    body = {"assistant_id": "echo", "input": {"x": 1}, "stream_resumable": True}
    whole = await http.post("/runs/stream", json=body)
    run_id = whole.headers["content-location"].rpartition("/")[2]
    joined = await http.get(f"/runs/{run_id}/stream", headers={"last-event-id": "-1"})
    assert frames(joined.content) == frames(whole.content)
    assert joined.headers["content-location"] == whole.headers["content-location"]
    for unknown, status in ((NOBODY, 404), ("x", 422)):
        refused = await http.get(f"/runs/{unknown}/stream")
        assert (refused.status_code, list(refused.json())) == (status, ["detail"])
