"""A store whose items are sealed: namespaces and keys stay readable, values do not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from langgraph.store.base import BaseStore, GetOp, Item, Op, PutOp, Result, SearchItem, SearchOp

from holdfast_server import wire
from holdfast_server.compat.store import OPERATORS
from holdfast_server.memory.errors import ItemRefused
from holdfast_server.sealing.matching import contains, equal, order_of
from holdfast_server.sealing.sealer import MARK, Place, Sealer

# Items that are opened at a time to look whether they match.
_PAGE = 200
_ORDERED: dict[str, Callable[[int], bool]] = {
    "$gt": lambda order: order > 0,
    "$gte": lambda order: order >= 0,
    "$lt": lambda order: order < 0,
    "$lte": lambda order: order <= 0,
}


class SealedStore(BaseStore):
    """Seals what goes into another store and opens what comes out of it.

    Filters compare what is sealed, so the items below a namespace are opened page by page until enough are
    found. What was stored readable before is found too.

    Args:
        inner: keeps the items.
        sealer: the keys.
    """

    def __init__(self, inner: BaseStore, sealer: Sealer) -> None:
        self._inner = inner
        self._sealer = sealer
        self._loop = asyncio.get_running_loop()
        self.supports_ttl = inner.supports_ttl
        self.ttl_config = inner.ttl_config

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Executes operations; those without a filter in one transaction of the inner store.

        Raises:
            UnknownKey, Tampered: an item cannot be opened.
            ItemRefused: a value holds a NUL.
        """
        asked = list(ops)
        filtered = {n: op for n, op in enumerate(asked) if isinstance(op, SearchOp) and op.filter}
        # Reads come before writes, as in the inner store.
        found: dict[int, Result] = {n: await self._search(op) for n, op in filtered.items()}
        rest = [n for n in range(len(asked)) if n not in filtered]
        if rest:
            results = await self._inner.abatch([self._sealed(asked[n]) for n in rest])
            found |= {n: self._opened(result) for n, result in zip(rest, results, strict=True)}
        return [found[n] for n in range(len(asked))]

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """The same for code without an event loop, on the loop of the store.

        Raises:
            InvalidStateError: called on that very loop, which would wait for itself.
        """
        try:
            here: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is self._loop:
            raise asyncio.InvalidStateError(
                "Synchronous calls to the store are only allowed from another thread; in async code use "
                "the async methods, such as `await store.aget(...)`"
            )
        return asyncio.run_coroutine_threadsafe(self.abatch(ops), self._loop).result()

    def _sealed(self, op: Op) -> Op:
        if not isinstance(op, PutOp) or op.value is None or self._sealer.key_id is None:
            return op
        if reason := wire.unstorable(op.value):
            # Sealed it could lie there, and never be readable again.
            raise ItemRefused(f"the store cannot take this: it {reason}")
        return op._replace(value={MARK: self._sealer.token(wire.dumps(op.value), Place.ITEM)}, index=False)

    def _opened(self, result: Any) -> Any:
        if isinstance(result, list):
            return [self._opened(one) for one in result]
        if not isinstance(result, Item):
            return result
        result.value = opened_item(self._sealer, result.value)
        return result

    async def _search(self, op: SearchOp) -> list[SearchItem]:
        """The items that match, in the order of the inner store."""
        wanted = _condition(op.filter or {})
        skip, found, offset = op.offset, list[SearchItem](), 0
        while len(found) < op.limit:
            page = await self._page(op, offset)
            matching = [item for item in page if wanted(item.value)]
            found += matching[skip:]
            skip = max(0, skip - len(matching))
            offset += _PAGE
            if len(page) < _PAGE:
                break
        found = found[: op.limit]
        if op.refresh_ttl and found:
            # What was only looked at does not live longer for it.
            await self._inner.abatch([GetOp(item.namespace, item.key, refresh_ttl=True) for item in found])
        return found

    async def _page(self, op: SearchOp, offset: int) -> list[SearchItem]:
        every = op._replace(filter=None, limit=_PAGE, offset=offset, refresh_ttl=False)
        [page] = await self._inner.abatch([every])
        opened: list[SearchItem] = self._opened(page)
        return opened


def opened_item(sealer: Sealer, value: Any) -> Any:
    """The value of an item as it was put.

    Raises:
        UnknownKey, Tampered: it cannot be opened.
    """
    token = value.get(MARK) if isinstance(value, Mapping) and len(value) == 1 else None
    data = sealer.open_token(token, Place.ITEM) if isinstance(token, str) else None
    return value if data is None else wire.loads(data)


def _condition(wanted: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Whether a value matches a filter, by the rules of compat/store.py.

    Raises:
        ValueError: an operator that there is not.
    """
    tests = [test for key, value in wire.loads(wire.dumps(wanted)).items() for test in _tests(key, value)]
    return lambda value: all(test(value) for test in tests)


def _tests(key: str, wanted: Any) -> list[Callable[[Any], bool]]:
    if not isinstance(wanted, dict):
        return [lambda value: key in value and equal(value[key], wanted)]
    return [_test(key, op, operand) for op, operand in wanted.items()]


def _test(key: str, op: str, wanted: Any) -> Callable[[Any], bool]:
    match op:
        case "$eq":
            return lambda value: key in value and equal(value[key], wanted)
        case "$ne":
            return lambda value: not equal(value.get(key), wanted)
        case "$gt" | "$gte" | "$lt" | "$lte":
            holds = _ORDERED[op]
            return lambda value: (
                key in value and (order := order_of(value[key], wanted)) is not None and holds(order)
            )
    if op.startswith("$"):
        raise ValueError(f"{op!r} is no operator of a filter; use {', '.join(OPERATORS)}")
    return lambda value: contains(value, {key: {op: wanted}})
