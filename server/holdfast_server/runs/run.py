"""A run: one request to a graph, with its states and how the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

# scheduled → blocked (not first in its lane) → ready (has a ticket) → running → one of the four ends.
WAITING = ("scheduled", "blocked", "ready")
LIVE = (*WAITING, "running")


def api_status(state: str) -> str:
    """The status that LangGraph clients know: everything that waits is `pending`."""
    return "pending" if state in WAITING else state


@dataclass(frozen=True)
class ClaimedRun:
    """A run that this process owns as long as its epoch is the newest."""

    tenant: str
    run_id: UUID
    thread_id: UUID
    assistant_id: UUID
    graph_id: str
    epoch: int
    attempts: int
    kwargs: Mapping[str, Any]
    metadata: Mapping[str, Any]
    answers: Mapping[str, Any] | None
    cancel_action: str | None

    @property
    def request_id(self) -> str | None:
        """The request that asked for it; None when a schedule did."""
        known = self.kwargs.get("request_id")
        return str(known) if known else None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> ClaimedRun:
        """From a row of `claim`."""
        return cls(**{name: row[name] for name in cls.__dataclass_fields__})
