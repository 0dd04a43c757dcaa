"""The rows of one commit: what LangGraph wrote since the last one, as the parameters of one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast_server import wire

Row = dict[str, Any]


@dataclass
class Superstep:
    """Rows waiting for the next commit.

    Keyed where the database would update: one statement must not touch a row twice, the last write counts.
    Values go beside the rows as binary; a row names its value by position, counted from one.
    """

    checkpoints: dict[tuple[str, str], Row] = field(default_factory=dict)
    blobs: list[Row] = field(default_factory=list)
    writes: list[Row] = field(default_factory=list)
    special: dict[tuple[str, str, str, int], Row] = field(default_factory=dict)
    data: list[bytes | None] = field(default_factory=list)
    committed: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def __bool__(self) -> bool:
        return bool(self.checkpoints or self.blobs or self.writes or self.special)

    def add_checkpoint(
        self, ns: str, checkpoint_id: str, parent: str | None, *, body: Mapping[str, Any], metadata: Any
    ) -> None:
        """Adds a checkpoint; `body` and `metadata` as jsonb can hold them."""
        row = {"ns": ns, "id": checkpoint_id, "parent": parent, "body": body, "metadata": metadata}
        self.checkpoints[ns, checkpoint_id] = row

    def add_blob(self, ns: str, channel: str, version: str, value: tuple[str, bytes]) -> None:
        """Adds the value of a channel at a version, as (type, bytes)."""
        self.blobs.append({"ns": ns, "channel": channel, "version": version, **self._keep(value)})

    def add_write(
        self, task: Row, idx: int, channel: str, value: tuple[str, bytes], *, replacing: bool
    ) -> None:
        """Adds a write of a task; `task` holds ns, cp (checkpoint id), task (id) and path."""
        row = {**task, "idx": idx, "channel": channel, **self._keep(value)}
        if replacing:
            self.special[task["ns"], task["cp"], task["task"], idx] = row
        else:
            self.writes.append(row)

    def params(self) -> dict[str, Any]:
        """The rows under the names that save_superstep.sql uses."""
        return {
            "checkpoints": wire.dumps_text(list(self.checkpoints.values())),
            "blobs": wire.dumps_text(self.blobs),
            "writes": wire.dumps_text(self.writes),
            "special": wire.dumps_text(list(self.special.values())),
            "data": self.data,
        }

    def _keep(self, value: tuple[str, bytes]) -> Row:
        kind, data = value
        self.data.append(data)
        return {"type": kind, "n": len(self.data)}
