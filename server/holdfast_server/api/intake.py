"""The way in for a run: what a client asks for is checked and admitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, assert_never
from uuid import UUID

from psycopg.rows import DictRow

from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend
from holdfast_server.api.bodies import RunBody
from holdfast_server.api.body import storable
from holdfast_server.api.checkpoints import existing_point, point_of
from holdfast_server.api.configs import checked_config
from holdfast_server.api.deliveries import checked_webhook
from holdfast_server.api.going_on import going_on, may_run
from holdfast_server.api.which_assistant import resolve
from holdfast_server.errors import ApiError
from holdfast_server.runs.admission import Admission, Admitted, LaneTaken, NoThread, RunRequest, admit
from holdfast_server.runs.answer import is_resume_map
from holdfast_server.runs.request import request_for


@dataclass(frozen=True)
class Checked:
    """A run that may be admitted: what is asked for, by whom it may run where, and its assistant."""

    body: RunBody
    visible: Visible
    assistant: DictRow


async def take_run(
    backend: Backend, body: RunBody, thread_id: UUID | None, *, watched: bool = False
) -> DictRow:
    """Admits the run; without a thread id it gets a thread of its own. A `watched` run streams at once.

    Raises:
        ApiError: 404 unknown thread or assistant, 409 lane taken, 4xx wrong body; nothing was written.
    """
    request, visible = await _request(backend, body, thread_id, watched=watched)
    async with backend.connection() as conn:
        return _admitted(await admit(conn, request, visible=visible), thread_id)


async def take_runs(backend: Backend, bodies: Iterable[RunBody]) -> list[DictRow]:
    """Admits runs, each on a thread of its own, all in one transaction or none.

    Raises:
        ApiError: as `take_run`; nothing was written.
    """
    requests = [await _request(backend, body, None, watched=False) for body in bodies]
    async with backend.connection() as conn, conn.transaction():
        return [_admitted(await admit(conn, request, visible=seen), None) for request, seen in requests]


async def _request(
    backend: Backend, body: RunBody, thread_id: UUID | None, *, watched: bool
) -> tuple[RunRequest, Visible]:
    """What to admit, and on which threads."""
    only_goes_on = may_run(backend.caller, body, thread_id)
    checked = await checked_run(backend, body, thread_id)
    if only_goes_on and thread_id is not None:
        kept = await going_on(backend, body, thread_id, checked.assistant, checked.visible)
        checked = replace(checked, body=checked.body.model_copy(update=kept))
    request = request_for(
        checked.assistant,
        checked.body.model_dump(),
        thread_id,
        tenant=backend.caller.tenant,
        configurable=backend.caller.configurable,
        principal=backend.caller.described(),
        watched=watched,
        answers=await _answers(backend, body, thread_id),
    )
    return request, checked.visible


async def checked_run(backend: Backend, body: RunBody, thread_id: UUID | None) -> Checked:
    """What a client asks for, if it can run and the client may run it; nothing is written.

    Raises:
        ApiError: 404 unknown thread or assistant, 4xx wrong body.
    """
    _check(body, thread_id)
    body, visible = await _permitted(backend, body, thread_id)
    if body.webhook is not None:
        await checked_webhook(backend, body.webhook)
    assistant = await resolve(backend, body.assistant_id)
    await _check_targets(backend, body, assistant["graph_id"])
    point = point_of(body.checkpoint, body.checkpoint_id)
    if thread_id is not None:
        await existing_point(backend, thread_id, point)
    elif "checkpoint_id" in point:
        raise ApiError(400, "You must provide a thread_id when starting from a checkpoint.")
    return Checked(body, visible, assistant)


def _admitted(admission: Admission, thread_id: UUID | None) -> DictRow:
    match admission:
        case Admitted(row):
            return dict(row)
        case NoThread():
            raise ApiError(404, f"Thread with ID {thread_id} not found")
        case LaneTaken():
            raise ApiError(
                409,
                "Thread is already running a task. Wait for it to finish or choose a different "
                "multitask strategy.",
            )
        case _:
            assert_never(admission)


async def _permitted(backend: Backend, body: RunBody, thread_id: UUID | None) -> tuple[RunBody, Visible]:
    """The body as the caller's permissions leave it, and on which threads it may run."""
    value: dict[str, Any] = {
        "thread_id": thread_id,
        "assistant_id": body.assistant_id,
        "metadata": dict(body.metadata or {}),
        "if_not_exists": body.if_not_exists,
        "after_seconds": body.after_seconds,
        "multitask_strategy": body.multitask_strategy,
        "kwargs": {"input": body.input, "config": body.config, "context": body.context},
    }
    visible = await backend.allow("threads", "create_run", value)
    return body.model_copy(update={"metadata": storable("metadata", value["metadata"])}), visible


async def _answers(backend: Backend, body: RunBody, thread_id: UUID | None) -> dict[str, Any] | None:
    """A bare answer, tied to the one question that waits as the client sends it; None when that is not clear.

    A second client that answers the same question must not answer the next one by accident.
    """
    resume = body.command.resume if body.command else None
    if resume is None or thread_id is None or is_resume_map(resume):
        return None
    thread = await backend.row("find_thread", thread_id=thread_id, visible=None)
    by_task = (thread["interrupts"] or {}) if thread else {}
    pending = [question["id"] for questions in by_task.values() for question in questions]
    return {pending[0]: resume} if len(pending) == 1 else None


def _check(body: RunBody, thread_id: UUID | None) -> None:
    if thread_id is None and body.command is not None and body.command.resume is not None:
        raise ApiError(400, "You must provide a thread_id when resuming.")
    if body.context and (body.config or {}).get("configurable"):
        raise ApiError(400, "Send either context or config.configurable, not both")
    checked_config(body.config or {})
    for name in ("metadata", "context"):
        storable(name, getattr(body, name))


async def _check_targets(backend: Backend, body: RunBody, graph_id: str) -> None:
    """LangGraph drops a jump to an unknown node without a word; the client wants to hear of it."""
    for target in (targets := _targets(body)):
        if isinstance(target, Mapping) and not isinstance(target.get("node"), str):
            raise ApiError(422, f'command.goto has {target!r}; a Send is {{"node": name, "input": value}}')
    names = {target["node"] if isinstance(target, Mapping) else target for target in targets}
    if not names:
        return
    graph = await backend.row("find_graph", graph_id=graph_id)
    drawing = ((graph and graph["drawing"]) or {}).get("false") or {}
    nodes = {node["id"] for node in drawing.get("nodes", [])} - {"__start__"}
    if nodes and (unknown := names - nodes - {"__end__"}):
        raise ApiError(422, f"command.goto names {sorted(unknown)}; the graph has the nodes {sorted(nodes)}")


def _targets(body: RunBody) -> list[Any]:
    goto = body.command.goto if body.command else None
    return goto if isinstance(goto, list) else [goto] if goto else []
