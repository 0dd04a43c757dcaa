"""Long-term memory without a worker, and beside one whose loop is blocked."""

from __future__ import annotations

import httpx
import psycopg
from api.scene import until
from stack import SESSION, running

# How long the API waits for a worker here.
SOON = {"HOLDFAST_ASK_PATIENCE": "3"}


async def test_without_a_worker_the_answer_is_503_and_nothing_happens_later(database: str) -> None:
    item = {"namespace": ["a"], "key": "k", "value": {"n": 1}}
    async with running(database, workers=0, env=SOON) as stack, stack.http(timeout=40) as http:
        refused = await http.put("/store/items", json=item)
        assert refused.status_code == 503
        assert "holdfast worker" in refused.json()["detail"]
        await stack.add_worker()
        got = await http.get("/store/items", params={"namespace": "a", "key": "k"})
        assert (got.status_code, got.json()) == (200, None)
        assert (await http.put("/store/items", json=item)).status_code == 204


async def test_the_store_answers_while_user_code_blocks_the_worker(
    http: httpx.AsyncClient, thread_id: str
) -> None:
    body = {"assistant_id": "slow", "input": {"seconds": 4.0, "blocking": True}}
    run = (await http.post(f"/threads/{thread_id}/runs", json=body)).json()
    item = {"namespace": ["blocked"], "key": "k", "value": {"n": 1}}
    slowest = 0.0

    async def over() -> bool:
        nonlocal slowest
        put = await http.put("/store/items", json=item)
        assert put.status_code == 204
        slowest = max(slowest, put.elapsed.total_seconds())
        found = await http.get(f"/threads/{thread_id}/runs/{run['run_id']}")
        return bool(found.json()["status"] == "success")

    await until(over)
    assert slowest < 3.0


async def test_a_worker_that_took_the_question_and_is_stuck_is_not_called_absent(database: str) -> None:
    """What it took may still happen; the answer must not say otherwise."""
    item = {"namespace": ["a"], "key": "k", "value": {"n": 1}}
    async with running(database, env=SOON) as stack, stack.http(timeout=40) as http:
        assert (await http.put("/store/items", json=item)).status_code == 204
        with psycopg.connect(database, options=SESSION) as conn:
            conn.execute("lock table store in access exclusive mode")
            stuck = await http.put("/store/items", json=item)
        assert stuck.status_code == 504
        assert (await http.put("/store/items", json=item)).status_code == 204
