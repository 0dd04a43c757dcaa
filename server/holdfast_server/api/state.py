"""The state of a thread: read it, edit it, go through its history. The graph's worker answers."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from psycopg.rows import DictRow

from holdfast_server.access.needs import needs, require
from holdfast_server.api.ask import ask
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.bodies import HistorySearch, StateAt, StateUpdate
from holdfast_server.api.body import body_of, storable, takes, uuid_of
from holdfast_server.api.checkpoints import existing_point, point_of
from holdfast_server.api.reply import JsonReply, JsonText
from holdfast_server.api.threads import existing_thread
from holdfast_server.errors import ApiError

router = APIRouter(prefix="/threads/{thread_id}", tags=["state"])
Wiring = Annotated[Backend, Depends(backend_of)]

_EMPTY: dict[str, Any] = {
    "values": {}, "next": [], "tasks": [], "metadata": None, "created_at": None, "checkpoint": None,
    "parent_checkpoint": None, "interrupts": [], "checkpoint_id": None, "parent_checkpoint_id": None,
}  # fmt: skip


@router.get("/state")
async def get(wiring: Wiring, thread_id: str, subgraphs: bool = False) -> Response:
    """The newest state."""
    return await _state(wiring, thread_id, {}, subgraphs=subgraphs)


@router.get("/state/{checkpoint_id}")
async def get_at(wiring: Wiring, thread_id: str, checkpoint_id: str, subgraphs: bool = False) -> Response:
    """The state at a checkpoint."""
    return await _state(wiring, thread_id, {"checkpoint_id": checkpoint_id}, subgraphs=subgraphs)


@router.post("/state/checkpoint", openapi_extra=takes(StateAt))
async def post_at(
    wiring: Wiring, thread_id: str, body: Annotated[StateAt, Depends(body_of(StateAt))]
) -> Response:
    """The state at a checkpoint, possibly of a sub-graph."""
    return await _state(wiring, thread_id, body.checkpoint, subgraphs=body.subgraphs)


@router.post("/state", openapi_extra=takes(StateUpdate))
async def update(
    wiring: Wiring, thread_id: str, body: Annotated[StateUpdate, Depends(body_of(StateUpdate))]
) -> Response:
    """Edits the state as if a node had written it; refused while a run owns the thread."""
    if not _withdraws(body):
        require(wiring.caller, "An edit of the state", needs("threads.write"))
    thread = await existing_thread(wiring, uuid_of(thread_id, "thread"), "update")
    if thread["status"] != "interrupted":
        require(wiring.caller, "An edit of a thread that asks nothing", needs("threads.write"))
    graph_id = _graph_of(thread)
    if graph_id is None:
        raise ApiError(400, f"Thread {thread_id} has no graph yet: start a run, or set metadata.graph_id")
    if thread["status"] == "busy":
        raise ApiError(409, f"Thread {thread_id} has a run in flight; wait for it or cancel it, then edit")
    if body.values is not None and not isinstance(body.values, dict):
        raise ApiError(400, f"values is a {type(body.values).__name__}; it must be an object or null")
    point = await existing_point(wiring, thread["thread_id"], point_of(body.checkpoint, body.checkpoint_id))
    question = _question(thread, point) | {
        "values": body.values,
        "as_node": body.as_node,
        "metadata": {"graph_id": graph_id},
    }
    return JsonText(await ask(wiring, graph_id, "update", question))


@router.get("/history")
async def get_history(wiring: Wiring, thread_id: str, limit: int = 1, before: str | None = None) -> Response:
    """The newest states, newest first."""
    return await _history(wiring, thread_id, HistorySearch(limit=max(1, min(limit, 1000)), before=before))


@router.post("/history", openapi_extra=takes(HistorySearch))
async def post_history(
    wiring: Wiring, thread_id: str, body: Annotated[HistorySearch, Depends(body_of(HistorySearch))]
) -> Response:
    """States before a checkpoint, by metadata, of a sub-graph; newest first."""
    return await _history(wiring, thread_id, body)


async def _state(backend: Backend, thread_id: str, point: dict[str, Any], *, subgraphs: bool) -> Response:
    thread = await existing_thread(backend, uuid_of(thread_id, "thread"))
    graph_id = _graph_of(thread)
    if graph_id is None:
        return JsonReply(_EMPTY)
    question = _question(thread, point_of(point)) | {"subgraphs": subgraphs}
    return JsonText(await ask(backend, graph_id, "state", question))


async def _history(backend: Backend, thread_id: str, body: HistorySearch) -> Response:
    thread = await existing_thread(backend, uuid_of(thread_id, "thread"))
    graph_id = _graph_of(thread)
    if graph_id is None:
        return JsonReply([])
    question = _question(thread, point_of(body.checkpoint)) | {
        "limit": body.limit,
        "before": _before(body.before),
        "metadata": storable("metadata", body.metadata),
    }
    return JsonText(await ask(backend, graph_id, "history", question))


def _withdraws(body: StateUpdate) -> bool:
    """Whether it only ends what waits for a person, as an inbox does that ignores a question."""
    at = point_of(body.checkpoint, body.checkpoint_id)
    return body.values is None and body.as_node == "__end__" and not at


def _graph_of(thread: DictRow) -> str | None:
    graph_id = thread["metadata"].get("graph_id")
    return graph_id if isinstance(graph_id, str) else None


def _question(thread: DictRow, point: dict[str, Any]) -> dict[str, Any]:
    return {"thread_id": str(thread["thread_id"]), "checkpoint": point}


def _before(before: str | dict[str, Any] | None) -> str | None:
    """A checkpoint id out of the three forms that clients send: id, checkpoint, config."""
    if isinstance(before, dict):
        configurable = before.get("configurable", before)
        before = configurable.get("checkpoint_id") if isinstance(configurable, dict) else configurable
    if before is not None and not isinstance(before, str):
        raise ApiError(422, f"before is {before!r}; it must be a checkpoint id, a checkpoint or a config")
    return storable("before", before) if before is None else str(storable("before", before))
