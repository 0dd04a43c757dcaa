"""Batches and bulk cancellation."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from api.scene import Client, until
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError


async def _started(client: Client, number: int, **options: Any) -> list[tuple[str, str]]:
    """So many runs on one thread, the first running or ready, the others behind it."""
    thread = await client.threads.create()
    made = [
        await client.runs.create(thread["thread_id"], "slow", input={"seconds": 20}, **options)
        for _ in range(number)
    ]
    return [(run["thread_id"], run["run_id"]) for run in made]


async def _statuses(client: Client, runs: list[tuple[str, str]]) -> list[str]:
    return [(await client.runs.get(thread_id, run_id))["status"] for thread_id, run_id in runs]


@pytest.mark.behaviour("runs.batch")
async def test_a_batch_runs_each_on_a_thread_of_its_own(client: Client) -> None:
    asked: Any = [{"assistant_id": "echo", "input": {"x": n}} for n in range(3)]
    runs: Any = await client.runs.create_batch(asked)
    assert len({run["thread_id"] for run in runs}) == 3
    results: Any = [await client.runs.join(run["thread_id"], run["run_id"]) for run in runs]
    assert [result["x"] for result in results] == [0, 1, 2]


@pytest.mark.behaviour("runs.batch-or-nothing")
async def test_one_wrong_run_keeps_the_whole_batch_from_starting(http: httpx.AsyncClient) -> None:
    mark = str(uuid4())
    good = {"assistant_id": "echo", "input": {}, "metadata": {"mark": mark}, "on_completion": "keep"}
    for wrong in ({"assistant_id": "nobody"}, {"assistant_id": "echo", "stream_mode": "nonsense"}, 7):
        refused = await http.post("/runs/batch", json=[good, wrong])
        assert refused.status_code == 422
        assert isinstance(refused.json()["detail"], str)
    assert (await http.post("/threads/search", json={"metadata": {"mark": mark}})).json() == []
    assert (await http.post("/runs/batch", json=[])).status_code == 422


@pytest.mark.behaviour("cancel.many-by-id")
async def test_runs_are_cancelled_by_their_ids(client: Client) -> None:
    runs = await _started(client, 3)
    thread_id = runs[0][0]
    await client.runs.cancel_many(thread_id=thread_id, run_ids=[run_id for _, run_id in runs[:2]])
    await client.runs.join(*runs[0])
    assert (await _statuses(client, runs))[:2] == ["interrupted", "interrupted"]
    assert (await _statuses(client, runs))[2] in ("pending", "running")
    await client.runs.cancel(*runs[2], wait=True)
    assert (await client.threads.get(thread_id))["status"] != "busy"


@pytest.mark.behaviour("cancel.many-by-status")
async def test_waiting_runs_are_cancelled_by_their_status(client: Client) -> None:
    runs = await _started(client, 3)
    async for part in client.runs.join_stream(*runs[0], last_event_id="-1"):
        assert part.event == "metadata"
        break
    await client.runs.cancel_many(status="pending")
    assert await _statuses(client, runs) == ["running", "interrupted", "interrupted"]
    await client.runs.cancel_many(status="all")
    await client.runs.join(*runs[0])
    assert (await _statuses(client, runs))[0] == "interrupted"


@pytest.mark.behaviour("cancel.many-rollback")
async def test_rolled_back_runs_are_gone_and_the_thread_is_free(client: Client) -> None:
    runs = await _started(client, 3)
    await client.runs.cancel_many(
        thread_id=runs[0][0], run_ids=[run_id for _, run_id in runs], action="rollback"
    )

    async def gone() -> bool:
        return not await client.runs.list(runs[0][0])

    await until(gone)
    assert (await client.threads.get(runs[0][0]))["status"] == "idle"


@pytest.mark.behaviour("cancel.many-refused")
async def test_nothing_to_cancel_is_told(client: Client, http: httpx.AsyncClient) -> None:
    with pytest.raises(NotFoundError, match="No runs found"):
        await client.runs.cancel_many(thread_id=str(uuid4()), run_ids=[str(uuid4())])
    for wrong in (
        {},
        {"status": "all", "thread_id": str(uuid4()), "run_ids": [str(uuid4())]},
        {"status": "old"},
    ):
        refused = await http.post("/runs/cancel", json=wrong)
        assert refused.status_code == 422
    with pytest.raises(UnprocessableEntityError):
        await client.runs.cancel_many(status="all", action="vanish")
