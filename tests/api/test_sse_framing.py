"""The stream byte by byte: what the official clients rely on and never show."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import httpx
import pytest
from api.framing import frames
from api.scene import LONG, Client, busy_run, status_of


async def streamed(http: httpx.AsyncClient, thread_id: str, **body: Any) -> httpx.Response:
    body = {"assistant_id": "echo", "input": {"x": 1}} | body
    return await http.post(f"/threads/{thread_id}/runs/stream", json=body)


@pytest.mark.behaviour("sse.framing", "sse.headers", "stream.no-end-event", "sse.ids-when-resumable")
async def test_every_byte_belongs_to_a_frame(http: httpx.AsyncClient, thread_id: str) -> None:
    response = await streamed(
        http, thread_id, input={"x": "line\nbreak\r\n\u2028 ü"}, stream_mode=["values", "updates"]
    )
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-accel-buffering"] == "no"
    events = frames(response.content)
    assert events[0][0] == "metadata"
    assert events[-1][1]["x"] == "line\nbreak\r\n\u2028 ü"
    assert not [name for name, _, _ in events if name == "end"]
    assert [i for _, _, i in events if i is not None] == []


@pytest.mark.behaviour("sse.ids-when-resumable")
async def test_ids_are_sent_when_the_stream_is_resumable(http: httpx.AsyncClient, thread_id: str) -> None:
    events = frames((await streamed(http, thread_id, stream_resumable=True)).content)
    ids = [i for _, _, i in events]
    assert all(ids)
    numbers = [int(str(i).partition("-")[2]) for i in ids]
    assert numbers == sorted(set(numbers))


@pytest.mark.behaviour("stream.over-before-close")
async def test_the_run_is_over_when_its_stream_closes(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    for _ in range(10):
        response = await streamed(http, thread_id)
        run_id = response.headers["content-location"].rpartition("/")[2]
        assert await status_of(client, thread_id, run_id) == "success"
        assert (await client.threads.get(thread_id))["status"] == "idle"


@pytest.mark.behaviour("headers.location", "headers.content-location")
async def test_the_headers_tell_where_the_run_is(http: httpx.AsyncClient, thread_id: str) -> None:
    run = re.compile(rf"/threads/{thread_id}/runs/[0-9a-f-]{{36}}")
    body = {"assistant_id": "echo", "input": {}}
    for path, verb in (("runs/stream", "/stream"), ("runs/wait", "/join"), ("runs", None)):
        response = await http.post(f"/threads/{thread_id}/{path}", json=body)
        place = response.headers["content-location"]
        assert run.fullmatch(place)
        assert response.headers.get("location") == (place + verb if verb else None)


@pytest.mark.behaviour("runs.stateless.location-exists")
async def test_the_location_of_a_stateless_run_exists(http: httpx.AsyncClient) -> None:
    body = {"assistant_id": "echo", "input": {"x": 1}, "stream_resumable": True}
    response = await http.post("/runs/stream", json=body)
    again = await http.get(response.headers["location"], headers={"last-event-id": "-1"})
    assert frames(again.content) == frames(response.content)


@pytest.mark.behaviour(
    "stream.resume-after-any-event", "stream.last-event-id-beginnings", "stream.join-without-id-is-live"
)
async def test_a_resumable_stream_goes_on_after_any_event(http: httpx.AsyncClient, thread_id: str) -> None:
    response = await streamed(http, thread_id, stream_resumable=True, stream_mode=["values", "updates"])
    all_events = frames(response.content)
    location = response.headers["location"]

    async def after(position: str | None) -> list[tuple[str, Any, str | None]]:
        headers = {"last-event-id": position} if position else {}
        return frames((await http.get(location, headers=headers)).content)

    for number, (_, _, event_id) in enumerate(all_events):
        assert await after(event_id) == all_events[number + 1 :]
    for beginning in ("-1", "0", "-"):
        assert await after(beginning) == all_events
    for nothing in (None, "nonsense", "99999999999999-99999999"):
        assert await after(nothing) == []


@pytest.mark.behaviour("stream.join-filters-modes", "query.lists-in-three-encodings")
async def test_joining_shows_only_the_modes_that_are_asked_for(
    http: httpx.AsyncClient, thread_id: str
) -> None:
    response = await streamed(
        http, thread_id, stream_resumable=True, stream_mode=["values", "updates", "messages-tuple", "custom"]
    )
    encodings: list[Any] = [
        [("stream_mode", "updates"), ("stream_mode", "custom")],
        {"stream_mode": "updates,custom"},
        {"stream_mode": '["updates","custom"]'},
    ]
    for params in encodings:
        joined = await http.get(response.headers["location"], params=params, headers={"last-event-id": "-1"})
        assert {name for name, _, _ in frames(joined.content)} == {"updates", "custom"}


@pytest.mark.behaviour("stream.resume-after-any-event")
async def test_the_official_client_joins_after_its_last_event(client: Client, thread_id: str) -> None:
    stream = client.runs.stream(thread_id, "echo", input={"x": 1}, stream_resumable=True)
    seen = [part async for part in stream]
    (run,) = await client.runs.list(thread_id)
    rest = client.runs.join_stream(thread_id, run["run_id"], last_event_id=seen[0].id)
    assert [part.data async for part in rest] == [part.data for part in seen[1:]]


async def test_two_readers_of_one_run_see_the_same(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    run_id = str(
        (await client.runs.create(thread_id, "slow", input={"seconds": 0.5}, stream_resumable=True))["run_id"]
    )
    path = f"/threads/{thread_id}/runs/{run_id}/stream"
    one, two = await asyncio.gather(*(http.get(path, headers={"last-event-id": "-1"}) for _ in range(2)))
    assert one.content == two.content
    assert frames(one.content)[-1][1]["log"] == ["before", "slept", "after"]


@pytest.mark.behaviour("sse.heartbeat", "wait.keep-alive")
async def test_silence_is_filled_every_five_seconds(client: Client, http: httpx.AsyncClient) -> None:
    """On a stream, in `wait`, and in a join of a run that is still in the queue."""

    async def chunks(method: str, path: str, body: Any) -> list[tuple[float, bytes]]:
        started, found = time.monotonic(), []
        async with http.stream(method, path, json=body) as response:
            async for chunk in response.aiter_raw():
                found.append((time.monotonic() - started, chunk))
        return found

    body = {"assistant_id": "slow", "input": {"seconds": 10.5}, "stream_mode": "custom"}
    busy, queued = str((await client.threads.create())["thread_id"]), {"assistant_id": "echo", "input": {}}
    await client.runs.create(busy, "slow", input={"seconds": 10.5})
    stream, wait, waiting = await asyncio.gather(
        chunks("POST", "/runs/stream", body),
        chunks("POST", "/runs/wait", body),
        chunks("POST", f"/threads/{busy}/runs/stream", queued),
    )
    beats = [(at, c) for at, c in stream if c.startswith(b":")]
    assert [c for _, c in beats] == [b": heartbeat\r\n\r\n"] * 2
    assert [round(at / 5) for at, _ in beats] == [1, 2]
    assert abs(beats[1][0] - 10.0) < 0.5
    assert [c for _, c in wait[:2]] == [b"\n", b"\n"]
    assert json.loads(b"".join(c for _, c in wait))["log"] == ["before", "slept", "after"]
    assert waiting[0][1] == b": heartbeat\r\n\r\n"
    assert frames(b"".join(c for _, c in waiting))[0][0] == "metadata"


async def test_events_arrive_while_the_run_goes_on(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    body = {"assistant_id": "slow", "input": {"seconds": LONG}, "stream_mode": "updates"}
    async with (
        asyncio.timeout(3),
        http.stream("POST", f"/threads/{thread_id}/runs/stream", json=body) as response,
    ):
        seen = b""
        async for chunk in response.aiter_raw():
            seen += chunk
            if b"updates" in seen:
                break
    assert frames(seen)[1][1] == {"before": {"log": ["before"]}}
    run_id = response.headers["content-location"].rpartition("/")[2]
    await client.runs.cancel(thread_id, run_id, wait=True)


@pytest.mark.behaviour("stream.cancelled-run-closes")
async def test_the_stream_of_a_cancelled_or_deleted_run_just_closes(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    endings: list[Any] = [
        lambda run_id: client.runs.cancel(thread_id, run_id),
        lambda run_id: client.runs.cancel(thread_id, run_id, action="rollback"),
        lambda run_id: client.runs.delete(thread_id, run_id),
    ]
    for end in endings:
        run_id = await busy_run(client, thread_id)
        path = f"/threads/{thread_id}/runs/{run_id}/stream"
        # The head of the answer is here before the run ends: the reader has joined.
        async with http.stream("GET", path, headers={"last-event-id": "-1"}) as reading:
            await end(run_id)
            async with asyncio.timeout(15):
                names = {name for name, _, _ in frames(await reading.aread())}
        assert names <= {"metadata", "values"}
