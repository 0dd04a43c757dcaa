"""The private hooks of LangGraph's Postgres store that compat/store.py leans on."""

from __future__ import annotations

import inspect
from typing import Any

from langgraph.store.base import BaseStore, SearchOp
from langgraph.store.base.batch import AsyncBatchedBaseStore
from langgraph.store.postgres import base
from langgraph.store.postgres.aio import AsyncPostgresStore

from holdfast_server.compat.store import PostgresStore


class Bare(PostgresStore):
    """Without a database: only makes queries."""

    def __init__(self) -> None:
        self.ttl_config = {"omit_expired": True}
        self.index_config = None
        self._task = None


def test_filters_still_go_through_our_comparison() -> None:
    op = SearchOp(("a",), {"n": {"$gt": 9}, "deep": {"x": 1}})
    [(query, params)], _ = Bare()._prepare_batch_search_queries([(0, op)])
    assert "jsonb_typeof(value->%s) = jsonb_typeof(%s::jsonb)" in query
    assert "value @> %s::jsonb" in query
    assert "expires_at > NOW()" in query
    assert "n" in params


def test_a_search_still_has_the_order_that_we_complete() -> None:
    [(query, _)], _ = Bare()._prepare_batch_search_queries([(0, SearchOp(("a",)))])
    assert "ORDER BY store.updated_at DESC, store.prefix, store.key" in query


def test_every_statement_still_goes_through_the_cursor_that_we_replace() -> None:
    assert "self._cursor(pipeline=True)" in inspect.getsource(AsyncPostgresStore._execute_batch)
    for name in ("_batch_get_ops", "_batch_search_ops", "_batch_put_ops", "_batch_list_namespaces_ops"):
        used = set(_calls_on_cursor(inspect.getsource(getattr(AsyncPostgresStore, name))))
        assert used <= {"execute", "fetchall"}, name


def _calls_on_cursor(source: str) -> list[str]:
    return [part.split("(")[0] for part in source.split("cur.")[1:]]


def test_embeddings_still_come_before_the_first_statement() -> None:
    for name in ("_batch_put_ops", "_batch_search_ops"):
        source = inspect.getsource(getattr(AsyncPostgresStore, name))
        assert source.index("aembed_documents") < source.index("cur.execute"), name


def test_the_queue_is_still_what_the_stock_methods_go_through_and_the_plain_ones_do_not() -> None:
    for name in ("aget", "asearch", "aput", "adelete", "alist_namespaces"):
        assert "_aqueue" in inspect.getsource(getattr(AsyncBatchedBaseStore, name)), name
        plain: Any = getattr(BaseStore, name)
        assert "self.abatch" in inspect.getsource(plain), name
        assert getattr(PostgresStore, name) is plain


def test_the_table_of_vectors_still_has_the_columns_that_we_make() -> None:
    table = " ".join(migration.sql for migration in base.VECTOR_MIGRATIONS)
    for column in ("prefix text", "key text", "field_name text", "embedding %(vector_type)s(%(dims)s)"):
        assert column in table
