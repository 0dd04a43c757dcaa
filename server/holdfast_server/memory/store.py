"""The store of one event loop: what graphs see as `runtime.store`, and what the API asks."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from langgraph.store.base import BaseStore, GetOp, Op, PutOp, Result, SearchOp
from langgraph.store.base import TTLConfig as Ttl
from langgraph.store.postgres.base import PostgresIndexConfig
from psycopg import DataError
from psycopg.errors import ProgramLimitExceeded

from holdfast_server.compat.store import PostgresStore
from holdfast_server.config.store import StoreConfig
from holdfast_server.db.pool import Connections
from holdfast_server.db.retry import through_outages
from holdfast_server.masking.masker import MASKER
from holdfast_server.memory.embedding import OneLoopEmbeddings, load_embeddings
from holdfast_server.memory.errors import EmbeddingFailed, ItemRefused, NoVectors
from holdfast_server.memory.sealed import SealedStore
from holdfast_server.memory.vectors import ensure_vectors
from holdfast_server.sealing.house import sealer

logger = logging.getLogger(__name__)


class Memory:
    """What all stores of a process share: the config, and the embeddings once they are loaded.

    Semantic search that cannot be had takes nothing else down: the log says why, and so does every search
    by meaning.
    """

    def __init__(self, config: StoreConfig | None = None, folder: Path | None = None) -> None:
        self.config = config or StoreConfig()
        self._folder = folder or Path()
        self.embeddings: OneLoopEmbeddings | None = None
        self.broken: str | None = None

    async def prepare(self, pool: Connections) -> None:
        """Loads the embeddings and makes their table, once for the process."""
        if (spec := self.config.index) is None:
            return
        try:
            await through_outages(lambda: ensure_vectors(pool, spec.dims))
            self.embeddings = load_embeddings(spec, self._folder)
        except (NoVectors, EmbeddingFailed) as error:
            self.broken = str(error)
            logger.error("no semantic search: %s", error)

    def open(self, pool: Connections) -> BaseStore:
        """A store on the running event loop, of whatever the connections see; sealed where there are keys."""
        store = Store(pool, self)
        return SealedStore(store, sealer()) if sealer().key_ids else store


class Store(PostgresStore):
    """LangGraph's store that carries on through an outage of the database.

    Raises:
        ItemRefused: a key, value or filter that cannot be stored or compared.
        EmbeddingFailed: no vector for a text; nothing was written.
        NoVectors: a search by meaning where that cannot be had.
    """

    def __init__(self, pool: Connections, memory: Memory) -> None:
        self._broken = memory.broken
        super().__init__(pool, index=_index(memory), ttl=_ttl(memory.config))

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Executes operations in one transaction; reads come before writes."""
        asked = [_masked(op) for op in ops]
        for op in asked:
            self._check(op)
        try:
            return await through_outages(lambda: super(Store, self).abatch(asked))
        except (DataError, ProgramLimitExceeded) as error:
            raise ItemRefused(f"the store cannot take this: {str(error).splitlines()[0]}") from None

    def _check(self, op: Op) -> None:
        if isinstance(op, SearchOp) and op.query and self._broken:
            raise NoVectors(self._broken)
        if isinstance(op, GetOp | PutOp) and len(".".join((*op.namespace, op.key)).encode()) > 2000:
            raise ItemRefused("namespace and key are longer than 2000 bytes together; shorten them")


def _masked(op: Op) -> Op:
    """A known secret is neither stored nor shown to the embeddings."""
    if isinstance(op, PutOp):
        return op._replace(key=MASKER.text(op.key), value=MASKER.value(op.value))
    return op._replace(query=MASKER.text(op.query)) if isinstance(op, SearchOp) and op.query else op


def _index(memory: Memory) -> PostgresIndexConfig | None:
    spec, embeddings = memory.config.index, memory.embeddings
    if spec is None or embeddings is None:
        return None
    return {"dims": spec.dims, "embed": embeddings, "fields": list(spec.fields)}


def _ttl(config: StoreConfig) -> Ttl:
    return {
        "default_ttl": config.default_ttl,
        "refresh_on_read": config.refresh_on_read,
        # The sweep comes when it comes; an item whose time is over is gone at once.
        "omit_expired": True,
    }
