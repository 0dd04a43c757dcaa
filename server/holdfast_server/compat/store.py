"""What we change in LangGraph's Postgres store: comparisons by type, one operation a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from langgraph.store.base import BaseStore
from langgraph.store.postgres.aio import AsyncPostgresStore
from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row

from holdfast_server import wire

_COMPARED = {
    "$gt": "jsonb_typeof(value->%s) = jsonb_typeof(%s::jsonb) and value->%s > %s::jsonb",
    "$gte": "jsonb_typeof(value->%s) = jsonb_typeof(%s::jsonb) and value->%s >= %s::jsonb",
    "$lt": "jsonb_typeof(value->%s) = jsonb_typeof(%s::jsonb) and value->%s < %s::jsonb",
    "$lte": "jsonb_typeof(value->%s) = jsonb_typeof(%s::jsonb) and value->%s <= %s::jsonb",
}
_NEWEST = "ORDER BY store.updated_at DESC"
_IN_ORDER = f"{_NEWEST}, store.prefix, store.key"
OPERATORS = ("$eq", "$ne", *_COMPARED)


class PostgresStore(AsyncPostgresStore):
    """LangGraph's store over whatever gives out connections, each operation by itself.

    The stock one queues the operations of all callers: one slow embedding holds up everybody, and one value
    that cannot be stored fails its neighbours. It also compares numbers as text, and searches under our
    sessions' generic plans would read the whole table.
    """

    def __init__(self, pool: Any, **options: Any) -> None:
        super().__init__(pool, **options)
        # The queue's task; our operations do not go through it.
        if self._task is not None:
            self._task.cancel()

    aget = BaseStore.aget
    asearch = BaseStore.asearch
    aput = BaseStore.aput
    adelete = BaseStore.adelete
    alist_namespaces = BaseStore.alist_namespaces

    def _prepare_batch_search_queries(self, search_ops: Any) -> Any:
        # Items of one moment have an order too, or a page could repeat what the last one showed.
        queries, embedding = super()._prepare_batch_search_queries(search_ops)
        return [(query.replace(_NEWEST, _IN_ORDER), params) for query, params in queries], embedding

    def _get_filter_condition(self, key: str, op: str, value: Any) -> tuple[str, list[Any]]:
        wanted = wire.dumps_text(value)
        match op:
            case "$eq":
                return "value->%s = %s::jsonb", [key, wanted]
            case "$ne":
                return "coalesce(value->%s, 'null') <> %s::jsonb", [key, wanted]
            case "$gt" | "$gte" | "$lt" | "$lte":
                return f"({_COMPARED[op]})", [key, wanted, key, wanted]
        if op.startswith("$"):
            raise ValueError(f"{op!r} is no operator of a filter; use {', '.join(OPERATORS)}")
        # A field of a field: the item must contain it.
        return "value @> %s::jsonb", [wire.dumps_text({key: {op: value}})]

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[Any]:
        async with AsyncExitStack() as stack:
            yield _LateCursor(self.conn, stack)


class _LateCursor:
    """Takes its connection with the first statement: the embedding before that may be slow."""

    def __init__(self, pool: Any, stack: AsyncExitStack) -> None:
        self._pool = pool
        self._stack = stack
        self._cursor: AsyncCursor[DictRow] | None = None

    async def execute(self, query: str, params: Sequence[Any] | None = None) -> None:
        """Executes a statement of the one transaction."""
        if self._cursor is None:
            self._cursor = await self._open()
        await self._cursor.execute(query, params)

    async def fetchall(self) -> list[DictRow]:
        """The rows of the last statement."""
        return [] if self._cursor is None else await self._cursor.fetchall()

    async def _open(self) -> AsyncCursor[DictRow]:
        enter = self._stack.enter_async_context
        conn = await enter(self._pool.connection())
        await enter(conn.pipeline())
        await enter(conn.transaction())
        cursor: AsyncCursor[DictRow] = await enter(conn.cursor(binary=True, row_factory=dict_row))
        await cursor.execute("set local plan_cache_mode = force_custom_plan")
        return cursor
