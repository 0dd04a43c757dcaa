"""What the end of an attempt means for run and thread: success, a question, a cancellation, a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.errors import UnknownInterruptError
from langgraph.types import StateSnapshot

from holdfast_server import wire
from holdfast_server.masking.masker import MASKER
from holdfast_server.runs.end import Ended
from holdfast_server.runs.questions import questions_by_task, streamed_question
from holdfast_server.sealing.house import seal_text


def succeeded(state: StateSnapshot) -> Ended:
    """The graph stopped by itself: at its end, or at a question.

    What `wait` answers shows the questions; the thread's values do not, it has them by task.
    """
    pending = [streamed_question(i) for i in state.interrupts]
    output = {**_mapping(state.values), "__interrupt__": pending} if pending else state.values
    return _ended("success", _resting(state), state, output=wire.dumps_text(output))


def cancelled(action: str, state: StateSnapshot) -> Ended:
    """A user stopped the run; after a rollback the run itself is forgotten."""
    return _ended("rollback" if action == "rollback" else "interrupted", _resting(state), state)


def failed(failure: BaseException, state: StateSnapshot | None) -> Ended:
    """The run raised. An answer that was refused leaves the thread as it is, its questions still open."""
    # PostgreSQL cannot look into JSON that holds a NUL, and the end of a run must not fail over its message.
    error = {"error": type(failure).__name__, "message": MASKER.said(str(failure).replace("\x00", "\ufffd"))}
    refused = isinstance(failure, UnknownInterruptError)
    status = _resting(state) if refused and state is not None else "error"
    return _ended("error", status, state, error=error)


def timed_out(seconds: float, state: StateSnapshot | None) -> Ended:
    """The attempt took longer than it may."""
    error = {"error": "RunTimeout", "message": f"the run took longer than its limit of {seconds:g} s"}
    return _ended("timeout", "error", state, error=error)


def shown_on_thread(thread_id: str, state: StateSnapshot) -> dict[str, Any]:
    """What the thread's row shows of a state, under the names of publish_state.sql and show_state.sql."""
    return {
        "thread_id": thread_id,
        "values": seal_text(wire.dumps_text(state.values)),
        "interrupts": seal_text(wire.dumps_text(questions_by_task(state))),
        "status": _resting(state),
    }


def _ended(
    run_state: str,
    thread_status: str,
    state: StateSnapshot | None,
    *,
    output: str | None = None,
    error: dict[str, str] | None = None,
) -> Ended:
    if state is None:
        return Ended(run_state, thread_status, error=error)
    values = wire.dumps_text(state.values)
    return Ended(
        run_state,
        thread_status,
        values=values,
        output=values if output is None else output,
        interrupts=questions_by_task(state),
        error=error,
    )


def _resting(state: StateSnapshot) -> str:
    return "interrupted" if state.next else "idle"


def _mapping(values: Any) -> dict[str, Any]:
    return dict(values) if isinstance(values, Mapping) else {"value": values}
