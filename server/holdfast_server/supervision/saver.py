"""The fenced saver: LangGraph's Postgres saver, one commit a superstep, and none for a superseded worker."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.base import SerializerProtocol
from psycopg import AsyncCursor
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from holdfast_server.compat.langgraph import SPECIAL_WRITES, DeltaSnapshot
from holdfast_server.db.pool import Conn, Connections
from holdfast_server.db.retry import through_outages
from holdfast_server.db.statements import statement
from holdfast_server.sealing.house import sealer
from holdfast_server.sealing.matching import contains
from holdfast_server.sealing.sealer import Sealer
from holdfast_server.supervision.committer import Committer
from holdfast_server.supervision.fence import Fence, Unfenced
from holdfast_server.supervision.sealed import (
    CLEAR,
    SealedSerializer,
    is_clear,
    opened_metadata,
    sealed_metadata,
)
from holdfast_server.supervision.serializer import MaskedSerializer

_UNFENCED = Unfenced()


class FencedSaver(AsyncPostgresSaver):
    """A saver for one run (or one edit) of one thread.

    Writes collect in memory and commit with the next checkpoint, or by themselves after a moment. Every
    commit is one statement: fence, checkpoint, blobs, writes. `flush` forces it. An edit is `held`: it
    commits as one when `release` is called, or not at all.

    Raises:
        LeaseLost, ThreadBusy: from any write, once the fence is broken; nothing was written.
    """

    SELECT_SQL = statement("select_checkpoints")

    def __init__(
        self,
        pool: Connections,
        fence: Fence = _UNFENCED,
        *,
        serde: SerializerProtocol | None = None,
        held: bool = False,
    ) -> None:
        self._sealer = sealer()
        inner = _sealing(serde or MaskedSerializer(), self._sealer)
        super().__init__(cast(AsyncConnectionPool[Conn], pool), serde=inner)
        self._pool = pool
        # The versions of channels that are known to lie in blobs.
        self._stored: dict[tuple[str, str, str], Any] = {}
        self._committer = Committer(pool, fence, held=held)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Saves a checkpoint together with all writes before it."""
        configurable = config["configurable"]
        ns = configurable.get("checkpoint_ns", "")
        thread_id = str(configurable["thread_id"])
        body, values = _split(checkpoint, inline=self._sealer.key_id is None)
        versions = {**self._unsaved(thread_id, ns, checkpoint, values), **new_versions}
        # All values first: one that cannot be written must not leave half of its checkpoint behind.
        blobs = [
            (channel, str(version), self.serde.dumps_typed(values[channel]))
            for channel, version in versions.items()
            if channel in values
        ]
        self._stored |= {(thread_id, ns, channel): version for channel, version in versions.items()}
        rows = await self._committer.rows_of(configurable["thread_id"])
        rows.add_checkpoint(
            ns,
            checkpoint["id"],
            configurable.get("checkpoint_id"),
            body=body,
            metadata=sealed_metadata(
                self._sealer, _without_nul(get_serializable_checkpoint_metadata(config, metadata))
            ),
        )
        for blob in blobs:
            rows.add_blob(ns, *blob)
        if metadata.get("source") == "input":
            # The next checkpoint follows at once: LangGraph's first step only spreads the input.
            self._committer.linger()
        else:
            await self.flush()
        return {
            "configurable": {
                "thread_id": configurable["thread_id"],
                "checkpoint_ns": ns,
                "checkpoint_id": checkpoint["id"],
            }
        }

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Saves the writes of a finished task, with the next checkpoint or a moment later."""
        configurable = config["configurable"]
        task = {
            "ns": configurable.get("checkpoint_ns", ""),
            "cp": configurable["checkpoint_id"],
            "task": task_id,
            "path": task_path,
        }
        replacing = all(channel in SPECIAL_WRITES for channel, _ in writes)
        values = [self.serde.dumps_typed(value) for _, value in writes]
        rows = await self._committer.rows_of(configurable["thread_id"])
        for n, ((channel, _), value) in enumerate(zip(writes, values, strict=True)):
            idx = SPECIAL_WRITES.get(channel, n)
            rows.add_write(task, idx, channel, value, replacing=replacing)
        await self._committer.soon(rows)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Reads a checkpoint, through an outage if need be."""
        return await through_outages(lambda: super(FencedSaver, self).aget_tuple(config))

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Checkpoints, newest first; where metadata is sealed it is compared here, one by one."""
        if not filter or not self._sealer.key_ids or is_clear(filter):
            async for one in super().alist(config, filter=filter, before=before, limit=limit):
                yield one
            return
        async for key in self._keys(config, filter, before):
            if limit is not None and limit <= 0:
                return
            limit = None if limit is None else limit - 1
            if (found := await self.aget_tuple({"configurable": key})) is not None:
                yield found

    async def _keys(
        self, config: RunnableConfig | None, filter: dict[str, Any], before: RunnableConfig | None
    ) -> AsyncIterator[dict[str, Any]]:
        """The checkpoints whose metadata matches."""
        known = {name: value for name, value in filter.items() if name in CLEAR}
        where, params = self._search_where(config, known, before)
        async with self._cursor() as cursor:
            await cursor.execute(
                f"{statement('select_metadata')} {where} order by checkpoint_id desc", params
            )
            rows = await cursor.fetchall()
        for row in rows:
            if contains(opened_metadata(self._sealer, row.pop("metadata")), filter):
                yield row

    def with_allowlist(self, extra_allowlist: Collection[tuple[str, ...]]) -> BaseCheckpointSaver[Any]:
        """The same with a serializer that also reads these types; LangGraph's own knows no wrapped one."""
        if not isinstance(self.serde, SealedSerializer):
            return super().with_allowlist(extra_allowlist)
        clone = copy.copy(self)
        clone.serde = self.serde.with_msgpack_allowlist(extra_allowlist)
        return clone

    async def _load_checkpoint_tuple(self, value: DictRow) -> CheckpointTuple:
        if self._sealer.key_ids:
            value = {**value, "metadata": opened_metadata(self._sealer, value["metadata"])}
            versions = value["checkpoint"]["channel_versions"]
            for channel, *_ in value["channel_values"] or ():
                name = channel.decode()
                self._stored[value["thread_id"], value["checkpoint_ns"], name] = versions.get(name)
        return await super()._load_checkpoint_tuple(value)

    def _unsaved(
        self, thread_id: str, ns: str, checkpoint: Checkpoint, values: dict[str, Any]
    ) -> dict[str, Any]:
        """The versions of scalars that lie in no blob yet, as those saved before sealing began."""
        if self._sealer.key_id is None:
            return {}
        return {
            channel: version
            for channel, version in checkpoint["channel_versions"].items()
            if channel in values
            and _is_inline(values[channel])
            and self._stored.get((thread_id, ns, channel)) != version
        }

    async def flush(self) -> None:
        """Commits what waits.

        Raises:
            LeaseLost, ThreadBusy: the fence is broken.
        """
        await self._committer.flush()

    async def release(self) -> None:
        """Commits a held edit.

        Raises:
            ThreadBusy: a run has taken the thread; nothing was written.
        """
        await self._committer.release()

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        # Whoever reads finds what was written before. There is no lock as in the stock saver: a connection
        # of the pool belongs to one caller anyway.
        await self.flush()
        async with self._pool.connection() as conn:
            if pipeline:
                async with conn.pipeline(), conn.cursor(binary=True, row_factory=dict_row) as cursor:
                    yield cursor
            else:
                async with conn.cursor(binary=True, row_factory=dict_row) as cursor:
                    yield cursor


def _sealing(serde: SerializerProtocol, sealer: Sealer) -> SerializerProtocol:
    """The serializer, under seal where this process has keys."""
    return SealedSerializer(serde, sealer) if sealer.key_ids else serde


def _split(checkpoint: Checkpoint, *, inline: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The checkpoint as jsonb can hold it, and the values that go to blobs: all unless `inline`."""
    kept: dict[str, Any] = {}
    blobs: dict[str, Any] = {}
    for channel, value in checkpoint["channel_values"].items():
        if isinstance(value, DeltaSnapshot):
            blobs[channel], kept[channel] = value, True
        elif value is None or (inline and _is_inline(value)):
            kept[channel] = value
        else:
            blobs[channel] = value
    return {**checkpoint, "channel_values": kept}, blobs


def _is_inline(value: object) -> bool:
    """Whether jsonb gives the value back as it was: no NUL, no lone surrogate, no NaN, at most 64 bit."""
    match value:
        case None | bool():
            return True
        case str():
            return ("\x00" not in value and value.isascii()) or _is_clean(value)
        case int():
            return -(2**63) <= value < 2**63
        case float():
            return value - value == 0
        case _:
            return False


def _is_clean(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _without_nul(metadata: Any) -> Any:
    if isinstance(metadata, str):
        return metadata.replace("\x00", "")
    if isinstance(metadata, dict):
        return {_without_nul(k): _without_nul(v) for k, v in metadata.items()}
    return [_without_nul(v) for v in metadata] if isinstance(metadata, list) else metadata
