"""The answers that only a graph can give: state, history, update."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langgraph.types import StateSnapshot
from langgraph_sdk.runtime import AccessContext

from holdfast_server import wire
from holdfast_server.compat.langgraph import COPY_NODE
from holdfast_server.db.pool import Connections
from holdfast_server.db.statements import statement
from holdfast_server.errors import ApiError
from holdfast_server.graphs.factory import Occasion
from holdfast_server.graphs.served import Graph, ServedGraph
from holdfast_server.runs.invocation import configurable_of
from holdfast_server.runs.outcome import shown_on_thread
from holdfast_server.runs.questions import question
from holdfast_server.sealing.house import seal_text
from holdfast_server.supervision.fence import IdleFence
from holdfast_server.supervision.saver import FencedSaver
from holdfast_server.workers.beginning import begin
from holdfast_server.workers.refusal import no_such_node, refusing

Question = Mapping[str, Any]
_POINT = ("checkpoint_id", "checkpoint_ns", "checkpoint_map")


async def answer(pool: Connections, served: ServedGraph, verb: str, asked: Question) -> str:
    """The answer as JSON text.

    Raises:
        ApiError: the question is wrong (404, 409, 422).
    """
    match verb:
        case "state":
            return await _state(pool, served, asked)
        case "history":
            return await _history(pool, served, asked)
        case "update":
            return await _update(pool, served, asked)
        case "show":
            return await _show(pool, served, asked)
        case "begin":
            return await begin(pool, served, asked)
    raise ApiError(422, f"a graph cannot answer {verb!r}")


async def _state(pool: Connections, served: ServedGraph, asked: Question) -> str:
    config = _config(asked)
    async with _opened(pool, served, config, "threads.read") as graph:
        reading = graph.copy({"checkpointer": FencedSaver(pool)})
        with refusing("the question"):
            snapshot = await reading.aget_state(config, subgraphs=bool(asked.get("subgraphs")))
    return wire.dumps_text(shown_state(snapshot))


async def _history(pool: Connections, served: ServedGraph, asked: Question) -> str:
    config = _config(asked)
    before = asked.get("before")
    async with _opened(pool, served, config, "threads.read") as graph:
        reading = graph.copy({"checkpointer": FencedSaver(pool)})
        snapshots = reading.aget_state_history(
            config,
            limit=asked["limit"],
            filter=asked.get("metadata"),
            before={"configurable": {"checkpoint_id": before}} if before else None,
        )
        with refusing("the question"):
            return wire.dumps_text([shown_state(s) async for s in snapshots])


async def _update(pool: Connections, served: ServedGraph, asked: Question) -> str:
    config = _config(asked)
    config["metadata"] = asked.get("metadata") or {}
    saver = FencedSaver(pool, IdleFence(UUID(asked["thread_id"])), held=True)
    async with _opened(pool, served, config, "threads.update") as opened:
        graph = opened.copy({"checkpointer": saver})
        with refusing("the update"):
            made = await _apply(graph, config, asked)
            await saver.release()
        head: RunnableConfig = {"configurable": {"thread_id": asked["thread_id"]}}
        await _publish(pool, asked["thread_id"], await graph.aget_state(head))
    point = {k: v for k, v in made["configurable"].items() if k in ("thread_id", *_POINT)}
    return wire.dumps_text(
        {"checkpoint": point, "configurable": point, "checkpoint_id": point["checkpoint_id"]}
    )


async def _show(pool: Connections, served: ServedGraph, asked: Question) -> str:
    """Nobody waits for this one: what a run left that was ended without its worker is shown on the thread."""
    config = _config(asked)
    async with _opened(pool, served, config, "threads.read") as graph:
        snapshot = await graph.copy({"checkpointer": FencedSaver(pool)}).aget_state(config)
    async with pool.connection() as conn:
        await conn.execute(statement("show_state"), shown_on_thread(asked["thread_id"], snapshot))
    return "null"


@asynccontextmanager
async def _opened(
    pool: Connections, served: ServedGraph, config: RunnableConfig, access: AccessContext
) -> AsyncIterator[Graph]:
    """The graph as the thread's newest run had it; a factory may make another one for another config."""
    made_with = config
    if served.is_made_anew:
        async with pool.connection() as conn:
            cursor = await conn.execute(statement("newest_request"), config["configurable"])
            row = await cursor.fetchone()
        given = configurable_of(row["kwargs"]) if row else {}
        made_with = {**config, "configurable": {**given, **config["configurable"]}}
    async with served.open(made_with, Occasion(access)) as graph:
        yield graph


async def _apply(graph: Graph, config: RunnableConfig, asked: Question) -> RunnableConfig:
    as_node = asked.get("as_node")
    in_root = not config["configurable"]["checkpoint_ns"]
    if in_root and as_node not in (None, COPY_NODE, "__end__", "__input__", *graph.nodes):
        raise no_such_node(as_node, graph)
    return await graph.aupdate_state(config, asked.get("values"), as_node=as_node)


async def _publish(pool: Connections, thread_id: str, snapshot: StateSnapshot) -> None:
    """Shows the edit on the thread, and to those who stream it."""
    told = {"state": shown_state(snapshot), "thread_id": thread_id}
    event = {"thread_id": thread_id, "name": "state_update", "data": seal_text(wire.dumps_text(told))}
    async with pool.connection() as conn:
        await conn.execute(statement("publish_state"), shown_on_thread(thread_id, snapshot))
        await conn.execute(statement("append_thread_event"), event)


def shown_state(snapshot: StateSnapshot) -> dict[str, Any]:
    """A state as clients read it; the empty state of a thread without checkpoints has no checkpoint."""
    exists = snapshot.created_at is not None
    checkpoint = _point(snapshot.config) if exists else None
    parent = _point(snapshot.parent_config)
    return {
        "values": snapshot.values,
        "next": list(snapshot.next),
        "tasks": [_task(task) for task in snapshot.tasks],
        "metadata": {**(snapshot.metadata or {}), "thread_id": checkpoint["thread_id"]}
        if checkpoint
        else None,
        "created_at": snapshot.created_at,
        "checkpoint": checkpoint,
        "parent_checkpoint": parent,
        "interrupts": [question(i) for i in snapshot.interrupts],
        "checkpoint_id": checkpoint["checkpoint_id"] if checkpoint else None,
        "parent_checkpoint_id": parent["checkpoint_id"] if parent else None,
    }


def _task(task: Any) -> dict[str, Any]:
    nested = task.state
    is_state = isinstance(nested, StateSnapshot)
    return {
        "id": task.id,
        "name": task.name,
        "path": list(task.path),
        "error": str(task.error) if task.error is not None else None,
        "interrupts": [question(i) for i in task.interrupts],
        "checkpoint": _point(nested) if nested is not None and not is_state else None,
        "state": shown_state(nested) if is_state else None,
        "result": task.result,
    }


def _point(config: Any) -> dict[str, Any] | None:
    if not config or "configurable" not in config:
        return None
    point = {k: config["configurable"].get(k) for k in ("thread_id", *_POINT)}
    point["checkpoint_ns"] = point["checkpoint_ns"] or ""
    return {k: v for k, v in point.items() if v is not None}


def _config(asked: Question) -> RunnableConfig:
    point = {k: v for k, v in (asked.get("checkpoint") or {}).items() if k in _POINT and v is not None}
    return {"configurable": {"checkpoint_ns": "", **point, "thread_id": asked["thread_id"]}}
