"""From what a client asks for, and the assistant it names, to a run that can be admitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from holdfast_server import correlation
from holdfast_server.runs.admission import RunRequest


def request_for(
    assistant: Mapping[str, Any],
    asked: Mapping[str, Any],
    thread_id: UUID | None,
    *,
    tenant: str,
    configurable: Mapping[str, Any],
    principal: Mapping[str, Any],
    watched: bool = False,
    answers: Mapping[str, Any] | None = None,
) -> RunRequest:
    """The run to admit.

    Args:
        assistant: its row.
        asked: the fields of a request body, checked; a missing one has its default.
        thread_id: None for a thread of its own.
        tenant: whose run it is.
        configurable: what the caller brings along (user, headers); the request cannot override it.
        principal: who asks, as `Principal.described` says it.
        watched: somebody reads the events as they come.
        answers: a resume tied to interrupt ids.
    """
    given = asked.get("config") or {}
    context = _merged_context(assistant["context"], given.get("configurable"), asked.get("context"))
    config = merged_config(assistant["config"], given)
    if context:
        config["configurable"] = {**config.get("configurable", {}), **context}
    metadata = {**(config.get("metadata") or {}), **(asked.get("metadata") or {})}
    identity = {"graph_id": assistant["graph_id"], "assistant_id": str(assistant["assistant_id"])}
    carried = {
        "temporary": thread_id is None,
        "watched": watched or bool(asked.get("stream_resumable")),
        **({"answers": answers} if answers else {}),
        # Apart from what was asked for: it may prove who the caller is, and is shown to nobody.
        **({"brought": dict(configurable)} if configurable else {}),
        # What a worker's log and a webhook name it by; a cron has none.
        **({"request_id": asked_by} if (asked_by := correlation.request_id.get()) else {}),
    }
    return RunRequest(
        tenant=tenant,
        run_id=uuid7(),
        thread_id=thread_id or uuid7(),
        assistant_id=assistant["assistant_id"],
        graph_id=assistant["graph_id"],
        strategy=asked.get("multitask_strategy") or "enqueue",
        kwargs=_kwargs(asked, config, context or None) | carried,
        metadata=metadata | identity,
        assistant_metadata=assistant["metadata"],
        after_seconds=asked.get("after_seconds") or 0,
        create_thread=thread_id is None or asked.get("if_not_exists") == "create",
        temporary=thread_id is None and asked.get("on_completion") != "keep",
        thread_metadata=asked.get("metadata") or {},
        webhook=asked.get("webhook"),
        principal=principal,
    )


def merged_config(assistant: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """The assistant's config under the run's: configurables are merged, everything else is replaced."""
    merged = {**assistant, **run}
    both = {**(assistant.get("configurable") or {}), **(run.get("configurable") or {})}
    return merged | ({"configurable": both} if both else {})


def _merged_context(
    assistant: Mapping[str, Any], configurable: Mapping[str, Any] | None, context: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The run's context over the assistant's; a run may also say `configurable` for what that has."""
    overridden = {k: v for k, v in (configurable or {}).items() if k in assistant}
    return {**assistant, **overridden, **(context or {})}


def _kwargs(
    asked: Mapping[str, Any], config: Mapping[str, Any], context: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "input": asked.get("input"),
        # Clients send an empty command along with an input; a real one wins over the input.
        "command": {k: v for k, v in (asked.get("command") or {}).items() if v is not None} or None,
        "config": config,
        "context": context,
        "stream_mode": asked.get("stream_mode") or ["values"],
        "interrupt_before": asked.get("interrupt_before"),
        "interrupt_after": asked.get("interrupt_after"),
        "checkpoint": asked.get("checkpoint"),
        "checkpoint_id": asked.get("checkpoint_id"),
        "webhook": asked.get("webhook"),
        "feedback_keys": asked.get("feedback_keys"),
        "subgraphs": bool(asked.get("stream_subgraphs")),
        "resumable": bool(asked.get("stream_resumable")),
        **({"protocol": asked["protocol"]} if asked.get("protocol") else {}),
        # Every superstep is durable before the next begins, whatever was asked for.
        "durability": "sync",
    }
