"""What an operator asks at 3 a.m.: which workers live, what they run, what waits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.body import uuid_of
from holdfast_server.api.reply import JsonReply
from holdfast_server.api.threads import existing_thread

router = APIRouter(prefix="/holdfast", tags=["operations"])
Wiring = Annotated[Backend, Depends(backend_of)]


@router.get("/workers")
async def workers(wiring: Wiring) -> Response:
    """The workers: host, process, graphs, last beat, and the runs that each executes."""
    rows = await wiring.rows("list_workers", {})
    if await wiring.allow("threads", "search", {"metadata": {}}) is not None:
        # Who may not see every thread learns of others' runs only that they are there.
        rows = [row | {"runs": [None for _ in row["runs"]]} for row in rows]
    return JsonReply(rows)


@router.get("/queue")
async def queue(wiring: Wiring) -> Response:
    """How many runs wait and run, and how many threads wait for a person."""
    return JsonReply(await wiring.row("queue_depth"))


@router.get("/graphs")
async def graphs(wiring: Wiring) -> Response:
    """The graphs that workers published, and why a broken one does not load."""
    return JsonReply(await wiring.rows("list_graphs", {}))


@router.get("/threads/{thread_id}/effects")
async def effects(wiring: Wiring, thread_id: str) -> Response:
    """The effects of a thread's tool calls: tool, contract, state, how often started."""
    thread = await existing_thread(wiring, uuid_of(thread_id, "thread"))
    return JsonReply(await wiring.rows("list_effects", {"thread_id": thread["thread_id"]}))
