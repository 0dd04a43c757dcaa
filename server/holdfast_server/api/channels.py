"""The channels of the protocol: which stored events belong to them, and how such an event is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from holdfast_server import wire
from holdfast_server.api.body import checked
from holdfast_server.errors import ApiError
from holdfast_server.sealing.end_event import opened_end

# Channel → names of the stored events that it shows.
_CHANNELS = {
    "values": ("values",),
    "updates": ("updates",),
    "messages": ("blocks",),
    "tools": ("tools",),
    "lifecycle": ("metadata", "lifecycle", "end"),
    "input": ("input.requested",),
    "tasks": ("tasks",),
    "checkpoints": ("checkpoints",),
    "custom": ("custom",),
}
# Stored name → method, where they differ.
_METHODS = {"blocks": "messages", "metadata": "lifecycle", "end": "lifecycle"}
_NAMED = "custom:"


class SubscribeBody(BaseModel):
    """What a client wants to see: channels, below these namespaces, to this depth, after this seq."""

    model_config = ConfigDict(extra="ignore")

    channels: Annotated[list[str], Field(min_length=1)]
    namespaces: list[list[str]] | None = None
    depth: Annotated[int, Field(ge=0)] | None = None
    since: Annotated[int, Field(ge=0, le=2**62)] | None = None


@dataclass(frozen=True)
class Subscription:
    """The filter of one subscriber."""

    channels: frozenset[str]
    namespaces: tuple[tuple[str, ...], ...] = ()
    depth: int | None = None
    since: int | None = None

    @classmethod
    def of(cls, raw: Any) -> Subscription:
        """Out of the parameters that a client sent.

        Raises:
            ApiError: 400, they do not fit.
        """
        try:
            body = checked(SubscribeBody, raw)
        except ApiError as error:
            raise ApiError(400, error.detail) from None
        if unknown := [c for c in body.channels if c not in _CHANNELS and not _is_named(c)]:
            allowed = f"{', '.join(_CHANNELS)} and custom:<name>"
            raise ApiError(400, f"channels has {', '.join(map(repr, unknown))}; there are {allowed}")
        prefixes = tuple(tuple(prefix) for prefix in body.namespaces or ())
        return cls(frozenset(body.channels), prefixes, body.depth, body.since)

    @cached_property
    def names(self) -> list[str]:
        """The stored events that this subscriber may see."""
        return [name for channel in self.channels for name in _CHANNELS[channel.partition(":")[0]]]

    def wants(self, row: DictRow) -> bool:
        """Whether it wants this one."""
        name, namespace = place_of(row)
        return name in self.names and self._is_inside(namespace) and self._is_called(name, row)

    def _is_inside(self, namespace: Sequence[str]) -> bool:
        for prefix in self.namespaces or ((),):
            near = self.depth is None or len(namespace) - len(prefix) <= self.depth
            if near and _begins_with(namespace, prefix):
                return True
        return False

    def _is_called(self, name: str, row: DictRow) -> bool:
        if name != "custom" or "custom" in self.channels:
            return True
        data = wire.loads(row["data"])
        return isinstance(data, dict) and f"{_NAMED}{data.get('name')}" in self.channels


def place_of(row: DictRow) -> tuple[str, list[str]]:
    """Name and namespace of a stored event."""
    name, *namespace = row["name"].split("|")
    return name, namespace


def protocol_event(row: DictRow) -> tuple[str, str]:
    """Method and JSON text of a stored event; its number is the seq, and part of the durable id."""
    name, namespace = place_of(row)
    method = _METHODS.get(name, name)
    data = row["data"]
    if name == "metadata":
        data = _running(row)
    elif name == "end":
        data = opened_end(data)
    # The data is JSON text already, often long: it goes in as it is.
    return method, (
        f'{{"type":"event","event_id":"{row["ms"]}-{row["event_id"]}","seq":{row["event_id"]},'
        f'"method":"{method}","params":{{"namespace":{wire.dumps_text(namespace)},'
        f'"timestamp":{row["ms"]},"data":{data}}}}}'
    )


def is_for_protocol(row: DictRow) -> bool:
    """Whether the protocol shows it: the root's `lifecycle` mode tells what begin and end of the run tell."""
    return row["data"] is not None and row["name"] != "lifecycle"


def _running(row: DictRow) -> str:
    return wire.dumps_text({"event": "running", "graph_name": row["graph_id"]})


def _is_named(channel: str) -> bool:
    return channel.startswith(_NAMED) and len(channel) > len(_NAMED)


def _begins_with(namespace: Sequence[str], prefix: Sequence[str]) -> bool:
    """Whether it does; a segment without a task id stands for every task of that node."""
    if len(prefix) > len(namespace):
        return False
    pairs = zip(prefix, namespace, strict=False)
    return all(want == have or (":" not in want and have.partition(":")[0] == want) for want, have in pairs)
