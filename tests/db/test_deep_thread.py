"""Reading a thread costs the same however many checkpoints it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holdfast_server.db.pool import Conn, Pool
from holdfast_server.supervision.saver import FencedSaver

DEPTH = 5_000
THREAD = "deep"


async def test_one_checkpoint_is_read_without_looking_at_the_others(pool: Pool) -> None:
    async with pool.connection() as conn:
        await _fill(conn)
        where = "where thread_id = %s and checkpoint_ns = '' order by checkpoint_id desc limit 1"
        assert await _rows_read(conn, FencedSaver.SELECT_SQL + where) < 20


async def test_a_page_of_history_is_read_without_looking_at_the_rest(pool: Pool) -> None:
    async with pool.connection() as conn:
        await _fill(conn)
        where = "where thread_id = %s and checkpoint_ns = '' and checkpoint_id < '002000'"
        page = where + " order by checkpoint_id desc limit 10"
        assert await _rows_read(conn, FencedSaver.SELECT_SQL + page) < 200


async def _fill(conn: Conn) -> None:
    """A thread of one blob and one write for each checkpoint, as a node writes them."""
    await conn.execute(
        "insert into checkpoints select %(thread)s, '', to_char(n, 'FM000000'), null, null,"
        " jsonb_build_object('channel_versions',"
        " jsonb_build_object('note', to_char(n, 'FM000000'), 'gone', '1')), '{}'"
        " from generate_series(1, %(depth)s) n",
        {"thread": THREAD, "depth": DEPTH},
    )
    await conn.execute(
        "insert into checkpoint_blobs select %(thread)s, '', 'note', to_char(n, 'FM000000'), 'msgpack', 'x'"
        " from generate_series(1, %(depth)s) n",
        {"thread": THREAD, "depth": DEPTH},
    )
    await conn.execute(
        "insert into checkpoint_writes (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, blob)"
        " select %(thread)s, '', to_char(n, 'FM000000'), 'task', 0, 'note', 'x'"
        " from generate_series(1, %(depth)s) n",
        {"thread": THREAD, "depth": DEPTH},
    )
    await conn.execute("analyze checkpoints, checkpoint_blobs, checkpoint_writes")


async def _rows_read(conn: Conn, query: str) -> float:
    """How many rows the plan's scans gave, all their repetitions together."""
    explained = "explain (analyze, format json) " + query
    cursor = await conn.execute(explained, [THREAD])
    row = await cursor.fetchone()
    assert row is not None
    [plan] = row["QUERY PLAN"]
    scans = [node for node in _nodes(plan["Plan"]) if "Relation Name" in node]
    return max(float(node["Actual Rows"] * node["Actual Loops"]) for node in scans)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)
