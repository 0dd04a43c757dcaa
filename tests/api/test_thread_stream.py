"""The stream of a thread: all its runs, one after the other, and the edits of its state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from api.framing import frames
from api.scene import Client, busy_run

DONE = "run_done"


class Reader:
    """A thread's stream, read frame by frame."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._chunks = response.aiter_raw()
        self._raw = b""

    async def until_done(self, runs: int = 1) -> list[tuple[str, Any, str | None]]:
        """The frames until so many runs are done."""
        async with asyncio.timeout(20):
            while self._raw.count(b'"status":"run_done"') < runs or not self._raw.endswith(b"\r\n\r\n"):
                self._raw += await anext(self._chunks)
        raw, self._raw = self._raw, b""
        return frames(raw)

    async def until_closed(self) -> list[tuple[str, Any, str | None]]:
        """What is left."""
        async with asyncio.timeout(10):
            return frames(self._raw + b"".join([chunk async for chunk in self._chunks]))


@asynccontextmanager
async def reading(
    http: httpx.AsyncClient, thread_id: str, *, after: str | None = None, params: Any = None
) -> AsyncIterator[Reader]:
    headers = {"last-event-id": after} if after is not None else {}
    async with http.stream("GET", f"/threads/{thread_id}/stream", params=params, headers=headers) as response:
        assert response.status_code == 200
        yield Reader(response)


@pytest.mark.behaviour("thread-stream.all-runs")
async def test_all_runs_of_a_thread_are_on_one_stream(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    async with reading(http, thread_id) as stream:
        one = (await client.runs.create(thread_id, "echo", input={"x": 1}))["run_id"]
        two = (await client.runs.create(thread_id, "echo", input={"x": 2}, stream_mode="updates"))["run_id"]
        seen = await stream.until_done(runs=2)
    assert [name for name, _, _ in seen] == [
        "metadata", "values", "values", "values", "metadata", "metadata", "updates", "updates", "metadata",
    ]  # fmt: skip
    marks = [data for name, data, _ in seen if name == "metadata"]
    assert marks == [
        {"run_id": one, "attempt": 1},
        {"status": DONE, "run_id": one},
        {"run_id": two, "attempt": 1},
        {"status": DONE, "run_id": two},
    ]
    ids = [int(str(i).partition("-")[2]) for _, _, i in seen]
    assert ids == sorted(set(ids))


@pytest.mark.behaviour("thread-stream.beginnings")
async def test_a_late_reader_starts_where_it_says(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    for x in (1, 2):
        await client.runs.wait(thread_id, "echo", input={"x": x})
    async with reading(http, thread_id, after="-") as stream:
        everything = await stream.until_done(runs=2)
    for beginning in ("0", "-1", ""):
        async with reading(http, thread_id, after=beginning) as stream:
            assert await stream.until_done(runs=2) == everything
    async with reading(http, thread_id, after=everything[2][2]) as stream:
        assert await stream.until_done(runs=2) == everything[3:]
    async with reading(http, thread_id) as stream:
        run_id = (await client.runs.create(thread_id, "echo", input={"x": 3}))["run_id"]
        assert (await stream.until_done())[0][1]["run_id"] == run_id


@pytest.mark.behaviour("thread-stream.lifecycle")
async def test_lifecycle_shows_begin_and_end_only(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    async with reading(http, thread_id, params={"stream_modes": "lifecycle"}) as stream:
        await client.runs.wait(thread_id, "fails", input={}, raise_error=False)
        seen = await stream.until_done()
    assert [(name, data.get("status")) for name, data, _ in seen] == [("metadata", None), ("metadata", DONE)]


@pytest.mark.behaviour("thread-stream.mode-names")
@pytest.mark.parametrize("name", ["stream_mode", "stream_modes"])
async def test_modes_come_in_three_encodings(
    client: Client, http: httpx.AsyncClient, thread_id: str, name: str
) -> None:
    await client.runs.wait(thread_id, "echo", input={})
    await client.threads.update_state(thread_id, {"x": 7})
    await client.runs.wait(thread_id, "echo", input={})
    both = ["lifecycle", "state_update"]
    encodings: list[Any] = [
        [(name, mode) for mode in both],
        {name: ",".join(both)},
        {name: f'["{both[0]}","{both[1]}"]'},
    ]
    for params in encodings:
        async with reading(http, thread_id, after="0", params=params) as stream:
            names = [name for name, _, _ in await stream.until_done(runs=2)]
        assert names == ["metadata", "metadata", "state_update", "metadata", "metadata"]


@pytest.mark.behaviour("thread-stream.state-update")
async def test_an_edit_of_the_state_is_shown_to_those_who_ask(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    async with reading(http, thread_id, params={"stream_modes": "state_update"}) as stream:
        await client.threads.update_state(thread_id, {"x": 2})
        await client.runs.wait(thread_id, "echo", input={"x": 3})
        await client.threads.update_state(thread_id, {"x": 4})
        state = await client.threads.get_state(thread_id)
        await client.threads.delete(thread_id)
        seen = await stream.until_closed()
    assert [name for name, _, _ in seen] == ["state_update"] * 2
    assert seen[0][1]["state"]["values"]["x"] == 2
    assert seen[1][1] == {"state": state, "thread_id": thread_id}


@pytest.mark.behaviour("thread-stream.deleted")
async def test_a_deleted_thread_ends_its_stream(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    async with reading(http, thread_id) as stream:
        await busy_run(client, thread_id)
        await client.threads.delete(thread_id)
        seen = await stream.until_closed()
    assert seen[0][0] == "metadata"


@pytest.mark.behaviour("thread-stream.never-ran")
async def test_a_run_that_never_ran_is_done_too(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    run_id = await busy_run(client, thread_id)
    async with reading(http, thread_id) as stream:
        queued = [(await client.runs.create(thread_id, "echo", input={}))["run_id"] for _ in range(2)]
        await client.runs.cancel(thread_id, queued[0])
        await client.runs.delete(thread_id, queued[1])
        await client.runs.cancel(thread_id, run_id, action="rollback")
        seen = await stream.until_done(runs=3)
    assert [data["run_id"] for _, data, _ in seen if data.get("status") == DONE] == [*queued, run_id]


@pytest.mark.behaviour("thread-stream.unknown")
async def test_unknown_thread_and_mode_are_refused(http: httpx.AsyncClient, thread_id: str) -> None:
    assert (await http.get(f"/threads/{uuid4()}/stream")).status_code == 404
    assert (await http.get("/threads/nonsense/stream")).status_code == 422
    wrong = await http.get(f"/threads/{thread_id}/stream", params={"stream_mode": "values"})
    assert wrong.status_code == 422
    assert "run_modes" in wrong.json()["detail"]


@pytest.mark.behaviour("python-sdk.thread-stream")
async def test_the_official_client_joins_a_thread(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    seen = []
    stream = await client.threads.join_stream(thread_id, last_event_id="-", stream_mode="lifecycle")
    async for part in stream:
        seen.append(part)
        if len(seen) == 2:
            break
    assert [(part.event, bool(part.id)) for part in seen] == [("metadata", True)] * 2
    rest = await client.threads.join_stream(thread_id, last_event_id=seen[0].id)
    assert (await anext(rest)).event == "values"
    await rest.aclose()


@pytest.mark.behaviour("thread-stream.heartbeat")
async def test_silence_is_filled_on_every_stream_of_a_thread(http: httpx.AsyncClient, thread_id: str) -> None:
    async def first(method: str, path: str, body: Any = None) -> tuple[float, bytes]:
        began = asyncio.get_running_loop().time()
        async with http.stream(method, f"/threads/{path}", json=body) as response:
            chunk = await anext(response.aiter_raw())
        return asyncio.get_running_loop().time() - began, chunk

    channels = {"channels": ["values"]}
    beats = await asyncio.gather(
        first("GET", f"{thread_id}/stream"),
        first("POST", f"{thread_id}/stream/events", channels),
        first("POST", f"{uuid4()}/stream/events", channels),
    )
    assert {chunk for _, chunk in beats} == {b": heartbeat\r\n\r\n"}
    assert all(abs(at - 5) < 0.7 for at, _ in beats)
