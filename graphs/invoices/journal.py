"""A journal: one JSON object a line, each written at once and on the disk before the call returns."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Journal:
    """An append-only file; several processes may write to it."""

    path: Path

    def append(self, entry: Mapping[str, object]) -> None:
        """Write one entry, whatever is there already."""
        with self._locked() as descriptor:
            _write(descriptor, entry)

    def append_once(self, entry: Mapping[str, object]) -> None:
        """Write one entry, unless there is one with its `idempotency_key`."""
        with self._locked() as descriptor:
            if all(known["idempotency_key"] != entry["idempotency_key"] for known in self.entries()):
                _write(descriptor, entry)

    def entries(self) -> list[dict[str, object]]:
        """All entries, oldest first; none when nothing was ever written."""
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def _write(descriptor: int, entry: Mapping[str, object]) -> None:
    # One write call a line: a process that is killed leaves a whole line or none.
    os.write(descriptor, json.dumps(entry, ensure_ascii=False).encode() + b"\n")
    os.fsync(descriptor)
