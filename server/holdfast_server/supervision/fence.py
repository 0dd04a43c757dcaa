"""Fences: who may write to a thread at this moment, checked inside the statement that writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from holdfast_server.errors import HoldfastError, LeaseLost, ThreadBusy


@dataclass(frozen=True)
class RunFence:
    """The right of one attempt at a run: nobody has claimed or stopped the run since."""

    run_id: UUID
    epoch: int


@dataclass(frozen=True)
class IdleFence:
    """The right of an editor of the state: no run is in the thread's lane."""

    thread_id: UUID


@dataclass(frozen=True)
class Unfenced:
    """No right needed: the thread is known to no run table (conformance tests, benchmarks, reading)."""


Fence = RunFence | IdleFence | Unfenced


def fence_params(fence: Fence) -> dict[str, object]:
    """The fence under the names that save_superstep.sql uses."""
    none: dict[str, object] = {"fenced_run": None, "epoch": None, "idle_thread": None, "unfenced": False}
    match fence:
        case RunFence(run_id, epoch):
            return none | {"fenced_run": run_id, "epoch": epoch}
        case IdleFence(thread_id):
            return none | {"idle_thread": thread_id}
        case Unfenced():
            return none | {"unfenced": True}
        case _:
            assert_never(fence)


def broken(fence: Fence) -> HoldfastError:
    """What to raise when a write found the fence broken."""
    match fence:
        case RunFence(run_id, epoch):
            return LeaseLost(f"run {run_id} has a newer owner than epoch {epoch}; stop and write nothing")
        case IdleFence(thread_id):
            return ThreadBusy(f"thread {thread_id} has a run in flight; wait for it or cancel it, then edit")
        case Unfenced():
            return HoldfastError("an unfenced write was refused; this is a bug of Holdfast")
        case _:
            assert_never(fence)
