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
from holdfast_server.errors import ApiError
from holdfast_server.runs.admission import Admitted, LaneTaken, NoThread, RunRequest, admit


async def take_run(backend: Backend, body: RunBody, thread_id: UUID | None) -> DictRow:
    """Admits the run; without a thread id it gets a thread of its own.

    Raises:
        ApiError: 404 unknown thread or assistant, 409 lane taken, 4xx wrong body; nothing was written.
    """
    _check(body, thread_id)
    assistant = await resolve(backend, body.assistant_id)
    request = _request(body, assistant, thread_id)
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


def _check(body: RunBody, thread_id: UUID | None) -> None:
    if thread_id is None and body.command is not None and body.command.resume is not None:
        raise ApiError(400, "You must provide a thread_id when resuming.")
    if body.webhook is not None:
        raise ApiError(422, "webhook is not delivered by this version of Holdfast; leave it out")
    configurable = (body.config or {}).get("configurable")
    if body.context and configurable:
        raise ApiError(400, "Send either context or config.configurable, not both")
    if configurable is not None and not isinstance(configurable, dict):
        raise ApiError(422, f"config.configurable is a {type(configurable).__name__}; it must be an object")
    limit = (body.config or {}).get("recursion_limit")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise ApiError(422, f"config.recursion_limit is {limit!r}; it must be an integer of at least 1")
    for name in ("metadata", "config", "context"):
        storable(name, getattr(body, name))
    for target in _targets(body):
        if isinstance(target, Mapping) and not isinstance(target.get("node"), str):
            raise ApiError(422, f'command.goto has {target!r}; a Send is {{"node": name, "input": value}}')


def _targets(body: RunBody) -> list[Any]:
    goto = body.command.goto if body.command else None
    return goto if isinstance(goto, list) else [goto]


def _request(body: RunBody, assistant: DictRow, thread_id: UUID | None) -> RunRequest:
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
        kwargs=_kwargs(body, config, context or None, temporary=thread_id is None),
        metadata=metadata | identity,
        after_seconds=body.after_seconds,
        create_thread=thread_id is None or body.if_not_exists == "create",
        temporary=thread_id is None and body.on_completion == "delete",
        thread_metadata=body.metadata or {},
    )


def _kwargs(
    body: RunBody, config: Mapping[str, Any], context: Mapping[str, Any] | None, *, temporary: bool
) -> dict[str, Any]:
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
        "temporary": temporary,
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
