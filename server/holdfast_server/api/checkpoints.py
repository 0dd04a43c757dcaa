"""A checkpoint as clients name it: by id, by an object with some of its keys, checked, known to exist."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from holdfast_server.api.backend import Backend
from holdfast_server.api.body import storable
from holdfast_server.errors import ApiError


def point_of(checkpoint: dict[str, Any] | None, checkpoint_id: str | None = None) -> dict[str, Any]:
    """The keys of a checkpoint that are set; none means the head of the thread.

    Raises:
        ApiError: 422, a key has the wrong type.
    """
    point = {k: v for k, v in (checkpoint or {}).items() if v is not None}
    if checkpoint_id is not None:
        point["checkpoint_id"] = checkpoint_id
    for name in ("thread_id", "checkpoint_ns", "checkpoint_id"):
        if not isinstance(point.get(name, ""), str):
            raise ApiError(422, f"checkpoint.{name} is {point[name]!r}; it must be a string")
    if not isinstance(point.get("checkpoint_map", {}), dict):
        raise ApiError(422, f"checkpoint.checkpoint_map is {point['checkpoint_map']!r}; it must be an object")
    storable("checkpoint", point)
    return point


async def existing_point(backend: Backend, thread_id: UUID, point: dict[str, Any]) -> dict[str, Any]:
    """The point, if its thread has that checkpoint: a run or an edit must not start from nothing instead.

    Raises:
        ApiError: 404.
    """
    if (checkpoint_id := point.get("checkpoint_id")) is not None:
        found = await backend.row(
            "find_checkpoint",
            thread_id=str(thread_id),
            ns=point.get("checkpoint_ns", ""),
            checkpoint_id=checkpoint_id,
        )
        if found is None:
            raise ApiError(404, f"Thread {thread_id} has no checkpoint {checkpoint_id!r}")
    return point
