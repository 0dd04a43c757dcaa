"""The stores of tenants: each sees its own namespaces, and nothing of the label that keeps them apart."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchOp,
)

from holdfast_server.db.pool import Pool, TenantPool
from holdfast_server.memory.store import Memory

# A store is a few objects over a shared pool; the ones least used are made again.
_KEPT = 1000


class Stores:
    """The stores of one event loop, by tenant."""

    def __init__(self, memory: Memory, pool: Pool) -> None:
        self._memory = memory
        self._pool = pool
        self._stores: OrderedDict[str, TenantStore] = OrderedDict()

    def of(self, tenant: str) -> TenantStore:
        """The store of a tenant."""
        if tenant not in self._stores:
            inner = self._memory.open(TenantPool(self._pool, tenant))
            self._stores[tenant] = TenantStore(inner, tenant)
        self._stores.move_to_end(tenant)
        if len(self._stores) > _KEPT:
            self._stores.popitem(last=False)
        return self._stores[tenant]


class TenantStore(BaseStore):
    """A store whose namespaces all lie under one tenant's label.

    LangGraph's upsert knows no column beside namespace and key. The database reads the tenant off the label
    (`tenant_of_prefix`) and shows a connection no other's rows.
    """

    supports_ttl = True

    def __init__(self, inner: BaseStore, tenant: str) -> None:
        self._inner = inner
        # A label must not hold a dot, and no tenant's name holds a slash.
        self._label = tenant.replace(".", "/")
        self.ttl_config = inner.ttl_config

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """As the store below, one label deeper."""
        asked = [self._deeper(op) for op in ops]
        return [_shown(result) for result in await self._inner.abatch(asked)]

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """As the store below, one label deeper; from a thread other than the event loop's."""
        asked = [self._deeper(op) for op in ops]
        return [_shown(result) for result in self._inner.batch(asked)]

    def _deeper(self, op: Op) -> Op:
        match op:
            case GetOp() | PutOp():
                return op._replace(namespace=(self._label, *op.namespace))
            case SearchOp():
                return op._replace(namespace_prefix=(self._label, *op.namespace_prefix))
            case ListNamespacesOp():
                return self._listing(op)
        return op

    def _listing(self, op: ListNamespacesOp) -> ListNamespacesOp:
        conditions = op.match_conditions or ()
        prefixes = [c for c in conditions if c.match_type == "prefix"]
        deeper = [MatchCondition("prefix", (self._label, *c.path)) for c in prefixes]
        return op._replace(
            match_conditions=(
                *(deeper or [MatchCondition("prefix", (self._label,))]),
                *(c for c in conditions if c.match_type != "prefix"),
            ),
            max_depth=None if op.max_depth is None else op.max_depth + 1,
        )


def _shown(result: Any) -> Any:
    match result:
        case Item():
            result.namespace = result.namespace[1:]
        case [*entries]:
            return [entry[1:] if isinstance(entry, tuple) else _shown(entry) for entry in entries]
    return result
