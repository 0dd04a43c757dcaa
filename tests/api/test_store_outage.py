"""Long-term memory without a worker, and through an outage of the database."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psycopg
import pytest
from api.scene import until
from stack import running

from holdfast_server.db.embedded import embedded_postgres, revive
from holdfast_server.db.migrate import migrate
from holdfast_server.db.pool import make_pool
from holdfast_server.memory.store import Memory


async def test_without_a_worker_the_answer_is_503_and_nothing_happens_later(database: str) -> None:
    item = {"namespace": ["a"], "key": "k", "value": {"n": 1}}
    async with running(database, workers=0) as stack, stack.http(timeout=40) as http:
        refused = await http.put("/store/items", json=item)
        assert refused.status_code == 503
        assert "holdfast worker" in refused.json()["detail"]
        await stack.add_worker()
        got = await http.get("/store/items", params={"namespace": "a", "key": "k"})
        assert (got.status_code, got.json()) == (200, None)
        assert (await http.put("/store/items", json=item)).status_code == 204


async def test_a_question_that_comes_before_the_worker_is_answered(database: str) -> None:
    async with running(database, workers=0) as stack, stack.http(timeout=40) as http:
        asking = asyncio.create_task(http.post("/store/items/search", json={}))
        await stack.add_worker()
        assert (await asking).json() == {"items": []}


async def test_the_store_answers_while_user_code_blocks_the_worker(
    client: object, http: httpx.AsyncClient, thread_id: str
) -> None:
    body = {"assistant_id": "slow", "input": {"seconds": 2.0, "blocking": True}}
    run = (await http.post(f"/threads/{thread_id}/runs", json=body)).json()
    item = {"namespace": ["blocked"], "key": "k", "value": {"n": 1}}
    slowest = 0.0

    async def over() -> bool:
        nonlocal slowest
        put = await http.put("/store/items", json=item)
        assert put.status_code == 204
        slowest = max(slowest, put.elapsed.total_seconds())
        found = await http.get(f"/threads/{thread_id}/runs/{run['run_id']}")
        return found.json()["status"] == "success"

    await until(over)
    assert slowest < 1.0


async def test_a_store_carries_on_through_a_restart_of_postgres() -> None:
    with TemporaryDirectory(prefix="holdfast-outage-") as folder, embedded_postgres(Path(folder)) as url:
        await migrate(url)
        async with make_pool(url, size=4, name="test") as pool:
            store = Memory().open(pool)
            await store.aput(("a",), "before", {})
            with psycopg.connect(url) as conn:
                data = Path(str(conn.execute("show data_directory").fetchone()[0]))  # type: ignore[index]
            pid = int((data / "postmaster.pid").read_text().splitlines()[0])
            import os
            import signal

            os.kill(pid, signal.SIGQUIT)
            writing = [asyncio.create_task(store.aput(("a",), str(n), {"n": n})) for n in range(10)]
            await asyncio.to_thread(revive, Path(folder))
            await asyncio.gather(*writing)
            assert len(await store.asearch(("a",), limit=20)) == 11


async def test_one_bad_item_does_not_fail_its_neighbours(pool: object) -> None:
    store = Memory().open(pool)  # type: ignore[arg-type]
    writing = [store.aput(("a",), str(n), {"text": "\x00" if n == 3 else "fine"}) for n in range(8)]
    ended = await asyncio.gather(*writing, return_exceptions=True)
    assert [n for n, end in enumerate(ended) if end is not None] == [3]
    with pytest.raises(ValueError, match="cannot take this"):
        await store.aput(("a",), "x", {"text": "\x00"})
    assert len(await store.asearch(("a",))) == 7
