"""A sealed store answers as a readable one does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import pytest_asyncio
from langgraph.store.base import BaseStore, GetOp, PutOp, SearchOp

from holdfast_server.db.pool import Pool
from holdfast_server.memory.errors import ItemRefused
from holdfast_server.memory.store import Memory
from holdfast_server.memory.tenants import Stores
from holdfast_server.sealing.house import sealing_with
from holdfast_server.sealing.key import Key
from holdfast_server.sealing.sealer import Sealer

SEALER = Sealer(Key.of(bytes(32)))
ITEMS: list[dict[str, Any]] = [
    {"n": 1, "s": "a", "deep": {"x": [1, 2], "y": None}},
    {"n": 1.0, "s": "b", "flag": True},
    {"n": 2, "s": "B", "flag": False, "deep": {"x": 1}},
    {"n": "2", "s": "ä", "deep": {}},
    {"n": None, "s": ""},
    {"s": "c", "list": [1, [2, 3]]},
    {"n": -7.5, "flag": 1, "list": []},
]
FILTERS: list[dict[str, Any]] = [
    {"n": 1}, {"n": "2"}, {"n": None}, {"flag": True}, {"s": "a", "n": 1}, {"list": []},
    {"list": [1, [2, 3]]}, {"n": {"$eq": 1}}, {"n": {"$ne": 1}}, {"n": {"$gt": 1}},
    {"n": {"$gte": 1, "$lt": 2}}, {"n": {"$lte": -7}},
    {"flag": {"$gt": False}}, {"flag": {"$ne": None}}, {"deep": {"x": 1}}, {"deep": {"x": [2]}},
    {"deep": {"y": None}}, {"nowhere": 1}, {"nowhere": {"$ne": 1}}, {"n": {"$gt": "1"}}, {"s": {"$gte": "b"}},
]  # fmt: skip


@pytest_asyncio.fixture
async def stores(pool: Pool) -> AsyncIterator[tuple[BaseStore, BaseStore]]:
    """A readable store and a sealed one, with the same items."""
    readable = Stores(Memory(), pool).of("default")
    with sealing_with(SEALER):
        sealed = Stores(Memory(), pool).of("default")
    for store, space in ((readable, "readable"), (sealed, "sealed")):
        for n, value in enumerate(ITEMS):
            await store.aput((space,), str(n), value)
    yield readable, sealed


async def value_of(store: BaseStore, label: str, key: str) -> Any:
    item = await store.aget((label,), key)
    assert item is not None
    return item.value


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
async def test_a_filter_finds_the_same(stores: tuple[BaseStore, BaseStore], wanted: dict[str, Any]) -> None:
    readable, sealed = stores
    expected = await readable.asearch(("readable",), filter=wanted, limit=50)
    found = await sealed.asearch(("sealed",), filter=wanted, limit=50)
    assert [(i.key, i.value) for i in found] == [(i.key, i.value) for i in expected]


async def test_nothing_of_a_value_is_stored_readable(stores: tuple[BaseStore, BaseStore], pool: Pool) -> None:
    async with pool.connection() as conn:
        rows = await (
            await conn.execute("select value from store where prefix = 'default.sealed'")
        ).fetchall()
    assert len(rows) == len(ITEMS)
    assert {tuple(row["value"]) for row in rows} == {("$sealed",)}


async def test_pages_of_a_filtered_search_show_each_item_once(pool: Pool) -> None:
    with sealing_with(SEALER):
        store = Stores(Memory(), pool).of("default")
    # In one transaction, so that all have the same age.
    await store.abatch([PutOp(("many",), f"{n:04}", {"even": n % 2 == 0, "n": n}) for n in range(450)])
    seen = []
    for offset in range(0, 300, 60):
        page = await store.asearch(("many",), filter={"even": True}, limit=60, offset=offset)
        seen += [item.value["n"] for item in page]
    assert sorted(seen) == list(range(0, 450, 2))


async def test_one_batch_mixes_everything(stores: tuple[BaseStore, BaseStore]) -> None:
    _, sealed = stores
    got, found, put, gone = cast(Any, await sealed.abatch([
        GetOp(("sealed",), "0"),
        SearchOp(("sealed",), {"flag": True}),
        PutOp(("sealed",), "new", {"secret": 1}),
        PutOp(("sealed",), "0", None),
    ]))  # fmt: skip
    assert (got.value, [item.key for item in found], put, gone) == (ITEMS[0], ["1"], None, None)
    assert await value_of(sealed, "sealed", "new") == {"secret": 1}
    assert await sealed.aget(("sealed",), "0") is None


async def test_what_was_readable_before_is_found_and_a_seal_of_a_users_own_is_no_seal(
    stores: tuple[BaseStore, BaseStore],
) -> None:
    _, sealed = stores
    assert await value_of(sealed, "readable", "1") == ITEMS[1]
    await sealed.aput(("sealed",), "mine", {"$sealed": "deadbeef.AAAA"})
    assert await value_of(sealed, "sealed", "mine") == {"$sealed": "deadbeef.AAAA"}


async def test_a_value_that_could_never_be_readable_again_is_refused(pool: Pool) -> None:
    with sealing_with(SEALER):
        store = Stores(Memory(), pool).of("default")
    with pytest.raises(ItemRefused, match="NUL"):
        await store.aput(("a",), "k", {"text": "\x00"})
    with pytest.raises(ValueError, match=r"no operator"):
        await store.asearch(("a",), filter={"n": {"$near": 1}})
