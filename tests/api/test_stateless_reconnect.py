"""A client of a stateless run finds it again without a thread."""

from __future__ import annotations

import re
from uuid import uuid4

import httpx
import pytest
from api.framing import frames
from api.scene import Client

BODY = {"assistant_id": "echo", "input": {"x": 1}, "stream_resumable": True}


@pytest.mark.behaviour("runs.stateless.location-without-thread", "runs.stateless.location-exists")
async def test_the_location_of_a_stateless_run_names_no_thread(http: httpx.AsyncClient) -> None:
    streamed = await http.post("/runs/stream", json=BODY)
    waited = await http.post("/runs/wait", json=BODY)
    assert re.fullmatch(r"/runs/[0-9a-f-]{36}/stream", streamed.headers["location"])
    assert re.fullmatch(r"/runs/[0-9a-f-]{36}/join", waited.headers["location"])
    again = await http.get(streamed.headers["location"], headers={"last-event-id": "0"})
    assert frames(again.content) == frames(streamed.content)
    assert (await http.get(waited.headers["location"])).json() == waited.json()


@pytest.mark.behaviour("runs.stateless.goes-on")
async def test_it_goes_on_after_any_event_and_filters(http: httpx.AsyncClient) -> None:
    streamed = await http.post("/runs/stream", json=BODY | {"stream_mode": ["values", "updates"]})
    events = frames(streamed.content)
    headers = {"last-event-id": str(events[1][2])}
    rest = await http.get(
        streamed.headers["location"], headers=headers, params={"stream_mode": '["updates"]'}
    )
    assert frames(rest.content) == [event for event in events[2:] if event[0] == "updates"]


async def test_a_run_of_a_thread_is_found_too(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    run = await client.runs.create(thread_id, "echo", input={"x": 5})
    assert (await http.get(f"/runs/{run['run_id']}/join")).json()["x"] == 5


@pytest.mark.behaviour("runs.stateless.stream-without-thread")
async def test_an_unknown_run_is_404(http: httpx.AsyncClient) -> None:
    for verb in ("join", "stream"):
        assert (await http.get(f"/runs/{uuid4()}/{verb}")).status_code == 404
        assert (await http.get(f"/runs/nonsense/{verb}")).status_code == 422
