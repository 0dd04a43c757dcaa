"""The rows of one commit: what LangGraph wrote since the last one, as the columns of one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

Checkpoint = tuple[str, str, str | None, str, str]
Blob = tuple[str, str, str, str, bytes | None]
Write = tuple[str, str, str, str, int, str, str, bytes]


@dataclass
class Superstep:
    """Rows waiting for the next commit.

    Keyed where the database would update: one statement must not touch a row twice, the last write counts.
    """

    checkpoints: dict[tuple[str, str], Checkpoint] = field(default_factory=dict)
    blobs: list[Blob] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    special: dict[tuple[str, str, str, int], Write] = field(default_factory=dict)
    committed: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def __bool__(self) -> bool:
        return bool(self.checkpoints or self.blobs or self.writes or self.special)

    def add_checkpoint(self, row: Checkpoint, blobs: Iterable[Blob]) -> None:
        """Adds (namespace, id, parent id, checkpoint JSON, metadata JSON) and its channel values."""
        self.checkpoints[row[0], row[1]] = row
        self.blobs.extend(blobs)

    def add_writes(self, rows: Iterable[Write], *, replacing: bool) -> None:
        """Adds (namespace, checkpoint, task, path, index, channel, type, value) rows."""
        if replacing:
            self.special.update({(r[0], r[1], r[2], r[4]): r for r in rows})
        else:
            self.writes.extend(rows)

    def params(self) -> dict[str, list[object]]:
        """The columns under the names that save_superstep_*.sql uses."""
        return {
            **_columns("cp", ("ns", "id", "parent", "body", "metadata"), self.checkpoints.values()),
            **_columns("blob", ("ns", "channel", "version", "type", "data"), self.blobs),
            **_columns("w", _WRITE, self.writes),
            **_columns("s", _WRITE, self.special.values()),
        }


_WRITE = ("ns", "cp", "task", "path", "idx", "channel", "type", "blob")


def _columns(
    prefix: str, names: tuple[str, ...], rows: Iterable[tuple[object, ...]]
) -> dict[str, list[object]]:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return {f"{prefix}_{name}": list(column) for name, column in zip(names, columns, strict=True)}
