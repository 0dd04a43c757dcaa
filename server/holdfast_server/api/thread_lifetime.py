"""The end of threads: prune them, and see what they take."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from holdfast_server.access.gatekeeper import Action
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.body import body_of, takes, uuid_of
from holdfast_server.api.lifetime_bodies import PruneBody
from holdfast_server.api.reply import JsonReply
from holdfast_server.api.threads import existing_thread

router = APIRouter(prefix="/threads", tags=["threads"])
Wiring = Annotated[Backend, Depends(backend_of)]


@router.post("/prune", openapi_extra=takes(PruneBody))
async def prune(wiring: Wiring, body: Annotated[PruneBody, Depends(body_of(PruneBody))]) -> Response:
    """Deletes threads, or reduces them to their newest state; tells which it left alone and why."""
    thread_ids = dict.fromkeys(body.thread_ids)
    verdicts = {thread_id: await _prune(wiring, thread_id, body.strategy) for thread_id in thread_ids}
    left = {str(thread_id): verdict for thread_id, verdict in verdicts.items() if verdict != "pruned"}
    return JsonReply({"pruned_count": len(verdicts) - len(left), "skipped": left})


async def _prune(backend: Backend, thread_id: UUID, strategy: str) -> str:
    action: Action = "delete" if strategy == "delete" else "update"
    visible = await backend.allow("threads", action, {"thread_id": thread_id})
    row = await backend.row("prune_thread", thread_id=thread_id, strategy=strategy, visible=visible)
    return str(row["verdict"]) if row else "not found"


@router.get("/{thread_id}/storage")
async def storage(wiring: Wiring, thread_id: str) -> Response:
    """What the state of a thread takes in the database, in bytes."""
    thread = await existing_thread(wiring, uuid_of(thread_id, "thread"))
    row = await wiring.row("thread_storage", thread_id=thread["thread_id"])
    assert row is not None
    return JsonReply(
        {
            "thread_id": thread["thread_id"],
            "total_bytes": row["checkpoint_bytes"] + row["value_bytes"] + row["write_bytes"],
            "checkpoints": {"count": row["checkpoints"], "bytes": row["checkpoint_bytes"]},
            "channel_values": {
                "count": row["values"], "bytes": row["value_bytes"], "by_channel": row["by_channel"],
            },
            "pending_writes": {"count": row["writes"], "bytes": row["write_bytes"]},
        }
    )  # fmt: skip
