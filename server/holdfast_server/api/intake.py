"""The intake: a run body becomes an admitted run, or a 4xx that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never
from uuid import UUID

from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from holdfast_server.api.assistants import resolve
from holdfast_server.api.backend import TENANT, Backend
from holdfast_server.api.bodies import RunBody
from holdfast_server.api.body import storable
from holdfast_server.api.checkpoints import existing_point, point_of
from holdfast_server.api.configs import checked_config
from holdfast_server.errors import ApiError
from holdfast_server.runs.admission import Admitted, LaneTaken, NoThread, RunRequest, admit
from holdfast_server.runs.answer import is_resume_map


async def take_run(
    backend: Backend, body: RunBody, thread_id: UUID | None, *, watched: bool = False
) -> DictRow:
    """Admits the run; without a thread id it gets a thread of its own. A `watched` run streams at once.

    Raises:
        ApiError: 404 unknown thread or assistant, 409 lane taken, 4xx wrong body; nothing was written.
    """
    _check(body, thread_id)
    assistant = await resolve(backend, body.assistant_id)
    await _check_targets(backend, body, assistant["graph_id"])
    point = point_of(body.checkpoint, body.checkpoint_id)
    if thread_id is not None:
        await existing_point(backend, thread_id, point)
    elif "checkpoint_id" in point:
        raise ApiError(400, "You must provide a thread_id when starting from a checkpoint.")
    answers = await _answers(backend, body, thread_id)
    request = _request(body, assistant, thread_id, watched=watched, answers=answers)
    async with backend.pool.connection() as conn:
        admission = await admit(conn, request)
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


async def _answers(backend: Backend, body: RunBody, thread_id: UUID | None) -> dict[str, Any] | None:
    """A bare answer, tied to the one question that waits as the client sends it; None when that is not clear.

    A second client that answers the same question must not answer the next one by accident.
    """
    resume = body.command.resume if body.command else None
    if resume is None or thread_id is None or is_resume_map(resume):
        return None
    thread = await backend.row("find_thread", tenant=TENANT, thread_id=thread_id)
    by_task = (thread["interrupts"] or {}) if thread else {}
    pending = [question["id"] for questions in by_task.values() for question in questions]
    return {pending[0]: resume} if len(pending) == 1 else None


def _check(body: RunBody, thread_id: UUID | None) -> None:
    if thread_id is None and body.command is not None and body.command.resume is not None:
        raise ApiError(400, "You must provide a thread_id when resuming.")
    if body.webhook is not None:
        raise ApiError(422, "webhook is not delivered by this version of Holdfast; leave it out")
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
    graph = await backend.row("find_graph", tenant=TENANT, graph_id=graph_id)
    drawing = ((graph and graph["drawing"]) or {}).get("false") or {}
    nodes = {node["id"] for node in drawing.get("nodes", [])} - {"__start__"}
    if nodes and (unknown := names - nodes - {"__end__"}):
        raise ApiError(422, f"command.goto names {sorted(unknown)}; the graph has the nodes {sorted(nodes)}")


def _targets(body: RunBody) -> list[Any]:
    goto = body.command.goto if body.command else None
    return goto if isinstance(goto, list) else [goto] if goto else []


def _request(
    body: RunBody,
    assistant: DictRow,
    thread_id: UUID | None,
    *,
    watched: bool,
    answers: Mapping[str, Any] | None,
) -> RunRequest:
    config = _merged_config(assistant["config"], body.config or {})
    context = {**assistant["context"], **(body.context or {})}
    if context:
        config["configurable"] = {**config.get("configurable", {}), **context}
    metadata = {**assistant["metadata"], **(config.get("metadata") or {}), **(body.metadata or {})}
    identity = {"graph_id": assistant["graph_id"], "assistant_id": str(assistant["assistant_id"])}
    return RunRequest(
        tenant=TENANT,
        run_id=uuid7(),
        thread_id=thread_id or uuid7(),
        assistant_id=assistant["assistant_id"],
        graph_id=assistant["graph_id"],
        strategy=body.multitask_strategy,
        kwargs=_kwargs(body, config, context or None)
        | {"temporary": thread_id is None, "watched": watched or body.stream_resumable}
        | ({"answers": answers} if answers else {}),
        metadata=metadata | identity,
        after_seconds=body.after_seconds,
        create_thread=thread_id is None or body.if_not_exists == "create",
        temporary=thread_id is None and body.on_completion == "delete",
        thread_metadata=body.metadata or {},
    )


def _kwargs(body: RunBody, config: Mapping[str, Any], context: Mapping[str, Any] | None) -> dict[str, Any]:
    command = body.command.model_dump(exclude_none=True) if body.command else None
    return {
        "input": body.input,
        # Clients send an empty command along with an input; a real one wins over the input.
        "command": command or None,
        "config": config,
        "context": context,
        "stream_mode": body.stream_mode or ["values"],
        "interrupt_before": body.interrupt_before,
        "interrupt_after": body.interrupt_after,
        "checkpoint": body.checkpoint,
        "checkpoint_id": body.checkpoint_id,
        "webhook": None,
        "feedback_keys": body.feedback_keys,
        "subgraphs": body.stream_subgraphs,
        "resumable": body.stream_resumable,
        # Every superstep is durable before the next begins, whatever was asked for.
        "durability": "sync",
    }


def _merged_config(assistant: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """The assistant's config under the run's: configurables are merged, everything else is replaced."""
    merged = {**assistant, **run}
    both = {**(assistant.get("configurable") or {}), **(run.get("configurable") or {})}
    return merged | ({"configurable": both} if both else {})
