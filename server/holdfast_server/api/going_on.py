"""Who may ask for which run: whoever may start runs asks for what they like, everybody else only goes on.

To go on is to answer what a thread asks or to let it past a breakpoint (approvals.decide), or to continue it
after a failure (runs.redrive), and nothing else: the run keeps the assistant, config, context and breakpoints
of the run that it goes on with, at the newest state of its thread. Only the answer is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server.access.needs import either, needs, require
from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend
from holdfast_server.api.bodies import CommandBody, RunBody
from holdfast_server.api.checkpoints import point_of
from holdfast_server.errors import ApiError

_FREELY = needs("runs.create", "approvals.decide")
_CONTINUING = "A run without input, which goes on where its thread stopped,"
_IDENTITY = ("langgraph_auth_user", "langgraph_auth_user_id", "langgraph_auth_permissions")
_POINT = ("checkpoint_id", "checkpoint_ns", "checkpoint_map")
# What a run has from the one that it goes on with. A client may send the same again, and nothing else.
_KEPT = ("config", "context", "interrupt_before", "interrupt_after")


def may_run(caller: Principal, body: RunBody, thread_id: UUID | None) -> bool:
    """Whether the run must be kept to going on; decided by the body alone, however the thread stands.

    A jump, an update and breakpoints of one's own can step over a question, also one that is yet to come.

    Raises:
        ApiError: 403, the caller may not ask for such a run.
    """
    if thread_id is not None and body.multitask_strategy in ("interrupt", "rollback"):
        require(caller, f"multitask_strategy {body.multitask_strategy}", needs("runs.cancel"))
    if not _goes_on(body, thread_id):
        require(caller, "A new run", needs("runs.create"))
        if name := _steering(body):
            require(caller, f"{name}, which can step over a question,", needs("approvals.decide"))
        return False
    if _answers(body):
        require(caller, "command.resume", needs("approvals.decide"))
    else:
        require(caller, _CONTINUING, either("approvals.decide", "runs.redrive"))
    return not _FREELY.is_met_by(caller)


def may_run_freely(caller: Principal, body: RunBody, thread_id: UUID | None) -> None:
    """Refuses also what only goes on: for runs that nobody looks at when they start.

    Raises:
        ApiError: 403.
    """
    if may_run(caller, body, thread_id):
        require(caller, "Going on with a thread by the clock", _FREELY)


async def going_on(
    backend: Backend, body: RunBody, thread_id: UUID, assistant: DictRow, visible: Visible
) -> dict[str, Any]:
    """The fields of the run, for a body that `may_run` keeps to going on.

    Raises:
        ApiError: 404 no such thread, 409 it waits for nothing, 403 the body asks for more.
    """
    row = await backend.row("waiting_run", thread_id=thread_id, visible=visible)
    if row is None:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    _check_waiting(backend.caller, body, row, thread_id)
    kept = _kept(row)
    _check_nothing_new(backend.caller, body, row, kept, thread_id)
    if assistant["assistant_id"] != row["assistant_id"]:
        _refuse(backend.caller, "another assistant than the run that stopped")
    # Who comes second must not answer a question that nobody has seen: a live run refuses this one.
    alone = {"multitask_strategy": "reject", "if_not_exists": "reject"}
    return kept | alone | {"checkpoint": None, "checkpoint_id": None}


def _command(body: RunBody) -> CommandBody:
    return body.command or CommandBody()


def _answers(body: RunBody) -> bool:
    return _command(body).resume is not None


def _goes_on(body: RunBody, thread_id: UUID | None) -> bool:
    """Whether it brings nothing but an answer, or nothing at all; chat pages send `{}` beside an answer."""
    jumps = _command(body).update is not None or bool(_command(body).goto)
    is_bare = body.input is None or (body.input == {} and _answers(body))
    return thread_id is not None and is_bare and not jumps


def _steering(body: RunBody) -> str | None:
    """What in the body moves a graph otherwise than its author drew it."""
    found = {
        "command.resume": _answers(body),
        "command.update": _command(body).update is not None,
        "command.goto": bool(_command(body).goto),
        # Breakpoints of a run replace those that the graph was compiled with.
        "interrupt_before": bool(body.interrupt_before),
        "interrupt_after": bool(body.interrupt_after),
        "checkpoint_ns": _is_inside(body),
    }
    return next((name for name, is_there in found.items() if is_there), None)


def _is_inside(body: RunBody) -> bool:
    """Whether it begins in the middle of a sub-graph."""
    configurable = (body.config or {}).get("configurable")
    places = [body.checkpoint, configurable if isinstance(configurable, Mapping) else None]
    return any(place.get("checkpoint_ns") or place.get("checkpoint_map") for place in places if place)


def _check_waiting(caller: Principal, body: RunBody, row: DictRow, thread_id: UUID) -> None:
    """Refuses where nothing waits: neither a question nor a breakpoint, nor a run that failed half way."""
    waits = row["status"] == "interrupted" and (row["interrupts"] or row["state"] == "success")
    if row["run_id"] is not None and waits:
        what = "command.resume" if _answers(body) else _CONTINUING
        return require(caller, what, needs("approvals.decide"))
    failed = row["status"] == "error" and row["state"] in ("error", "timeout") and row["wrote_head"]
    if failed and not _answers(body):
        return require(caller, "Continuing a run that failed", needs("runs.redrive"))
    wanted = "asks nothing" if _answers(body) else "has stopped nowhere"
    raise ApiError(
        409, f"Thread {thread_id} {wanted}: it is {row['status']}, so there is nothing to go on with"
    )


def _kept(row: DictRow) -> dict[str, Any]:
    """What the run before was asked for, without whose it was and at which checkpoint it began."""
    kwargs: Mapping[str, Any] = row["kwargs"]
    kept = {name: kwargs.get(name) for name in _KEPT}
    config = dict(kept["config"] or {})
    configurable = dict(config.get("configurable") or {})
    dropped = {*_IDENTITY, *_POINT}
    if "langgraph_auth_user_id" in configurable:
        dropped.add("user_id")
    config["configurable"] = {k: v for k, v in configurable.items() if k not in dropped}
    return kept | {"config": config}


def _check_nothing_new(
    caller: Principal, body: RunBody, row: DictRow, kept: Mapping[str, Any], thread_id: UUID
) -> None:
    configurable = kept["config"]["configurable"]
    had = {
        **kept,
        "config": {**kept["config"], "configurable": {**configurable, "thread_id": str(thread_id)}},
        "context": {**configurable, **(kept["context"] or {})},
        "metadata": row["metadata"],
        "webhook": row["kwargs"].get("webhook"),
    }
    for name, before in had.items():
        if (sent := getattr(body, name)) and not _is_within(sent, before):
            _refuse(caller, f"another {name} than the run that stopped")
    if not _is_head(point_of(body.checkpoint, body.checkpoint_id), row["head"]):
        _refuse(caller, "another checkpoint than the newest")
    if body.after_seconds:
        _refuse(caller, "after_seconds")
    if body.on_disconnect == "cancel":
        require(caller, "on_disconnect cancel", needs("runs.cancel"))


def _refuse(caller: Principal, what: str) -> None:
    """Only who holds less than these is kept to going on, so this always refuses."""
    require(caller, f"Going on with {what}", _FREELY)


def _is_within(sent: Any, had: Any) -> bool:
    """Whether it says nothing that was not there."""
    if isinstance(sent, Mapping) and isinstance(had, Mapping):
        return all(key in had and _is_within(value, had[key]) for key, value in sent.items())
    return type(sent) is type(had) and bool(sent == had)


def _is_head(point: Mapping[str, Any], head: str | None) -> bool:
    """Whether a checkpoint is the newest of the thread: chat pages name it with every run."""
    places = {"": head, **(point.get("checkpoint_map") or {})}
    return (
        not point.get("checkpoint_ns") and places == {"": head} and point.get("checkpoint_id", head) == head
    )
