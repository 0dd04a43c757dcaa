"""Checkpoints under seal: the serializer that seals what LangGraph writes, and the metadata beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from langgraph.checkpoint.serde.base import SerializerProtocol

from holdfast_server import wire
from holdfast_server.sealing.sealer import MARK, Place, Sealer

_SEALED = "sealed:"
# What LangGraph's and our own statements look for in metadata; whatever else stands there is sealed.
CLEAR = frozenset({
    "source", "step", "parents", "run_id", "run_attempt", "thread_id", "counters_since_delta_snapshot",
    "delta_writes_versioned",
})  # fmt: skip


class SealedSerializer(SerializerProtocol):
    """Seals what another serializer writes; what was written before is read as it is.

    The type of a value is sealed with it; what stands beside it in the database is `sealed:<key id>`.

    Args:
        inner: makes bytes of values; whatever it hides of them is hidden before they are sealed.
        sealer: the keys.
    """

    def __init__(self, inner: SerializerProtocol, sealer: Sealer) -> None:
        self.inner = inner
        self._sealer = sealer

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """The type and the bytes of a value, sealed."""
        return sealed_blob(self._sealer, *self.inner.dumps_typed(obj))

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """A value.

        Raises:
            UnknownKey, Tampered: it cannot be opened.
        """
        return self.inner.loads_typed(opened_blob(self._sealer, *data))

    def with_msgpack_allowlist(self, extra: Iterable[Any]) -> SealedSerializer:
        """The same over an inner one that reads these types too."""
        derive = getattr(self.inner, "with_msgpack_allowlist", None)
        inner = derive(extra) if derive else self.inner
        return self if inner is self.inner else SealedSerializer(inner, self._sealer)


def sealed_blob(sealer: Sealer, kind: str, data: bytes) -> tuple[str, bytes]:
    """Type and bytes of a value as they are stored; as they are without a key."""
    if sealer.key_id is None:
        return kind, data
    return f"{_SEALED}{sealer.key_id}", sealer.seal(b"%b\x00%b" % (kind.encode(), data), Place.BLOB)


def opened_blob(sealer: Sealer, kind: str, data: bytes) -> tuple[str, bytes]:
    """Type and bytes of a stored value.

    Raises:
        UnknownKey, Tampered: it cannot be opened.
    """
    if not kind.startswith(_SEALED):
        return kind, data
    inner, _, opened = sealer.open(kind.removeprefix(_SEALED), data, Place.BLOB).partition(b"\x00")
    return inner.decode(), opened


def sealed_metadata(sealer: Sealer, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a checkpoint as it is stored; as it is without a key."""
    hidden = {k: v for k, v in metadata.items() if k not in CLEAR}
    if sealer.key_id is None or not hidden:
        return dict(metadata)
    clear = {k: v for k, v in metadata.items() if k in CLEAR}
    return {**clear, MARK: sealer.token(wire.dumps(hidden), Place.METADATA)}


def opened_metadata(sealer: Sealer, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a checkpoint as it was.

    Raises:
        UnknownKey, Tampered: it cannot be opened.
    """
    token = stored.get(MARK)
    data = sealer.open_token(token, Place.METADATA) if isinstance(token, str) else None
    if data is None:
        return dict(stored)
    return {**wire.loads(data), **{k: v for k, v in stored.items() if k != MARK}}


def is_clear(names: Collection[str]) -> bool:
    """Whether PostgreSQL itself can compare these keys of metadata."""
    return set(names) <= CLEAR
