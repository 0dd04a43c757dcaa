"""How an attempt at a run ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Ended:
    """The run is over.

    Attributes:
        state: success, error, timeout, interrupted (cancelled), or rollback (cancelled and undone).
        thread_status: what the thread becomes when no other run waits in its lane.
        values: the state's values as JSON text, None when unknown (the thread keeps what it had).
        output: what `wait` and `join` answer, as JSON text.
        interrupts: task id → pending interrupts.
        error: {"error": type, "message": text} of a failure.
    """

    state: str
    thread_status: str
    values: str | None = None
    output: str | None = None
    interrupts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    error: dict[str, str] | None = None


@dataclass(frozen=True)
class Released:
    """The worker goes down: the run goes back in front of the workers, at its last superstep."""


@dataclass(frozen=True)
class Superseded:
    """Somebody else owns the run; there is nothing to write."""


End = Ended | Released | Superseded
