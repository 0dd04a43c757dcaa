"""The beginning of a thread with a history: its supersteps and itself in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, StateUpdate

from holdfast_server import wire
from holdfast_server.compat.langgraph import COPY_NODE
from holdfast_server.db.pool import Conn, Connections
from holdfast_server.db.statements import statement
from holdfast_server.errors import ApiError
from holdfast_server.graphs.factory import Occasion
from holdfast_server.graphs.served import Graph, ServedGraph
from holdfast_server.runs.invocation import goto_of
from holdfast_server.runs.outcome import shown_on_thread
from holdfast_server.supervision.fence import IdleFence
from holdfast_server.supervision.saver import FencedSaver
from holdfast_server.workers.refusal import no_such_node, refusing

Question = Mapping[str, Any]
_SPECIAL = {COPY_NODE, "__end__", "__input__"}


class _OneConnection:
    """Gives out the same connection each time, so that all that is written shares its transaction."""

    def __init__(self, conn: Conn) -> None:
        self._conn = conn

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Conn]:
        yield self._conn


async def begin(pool: Connections, served: ServedGraph, asked: Question) -> str:
    """Creates the thread as its supersteps leave it, or nothing.

    Raises:
        ApiError: 400, the graph refuses a superstep; 409, the thread exists.
    """
    config: RunnableConfig = {
        "configurable": {"thread_id": asked["thread_id"], "checkpoint_ns": ""},
        "metadata": asked["metadata"],
    }
    opening = served.open(config, Occasion("threads.update"))
    async with opening as opened, pool.connection() as conn, conn.transaction():
        await _create(conn, asked)
        one = _OneConnection(conn)
        saver = FencedSaver(one, IdleFence(UUID(asked["thread_id"])), held=True)
        graph = opened.copy({"checkpointer": saver})
        supersteps = [[_update(graph, update) for update in updates] for updates in asked["supersteps"]]
        with refusing("a superstep"):
            # Each superstep reads the one before it, so none is held back; the transaction holds them all.
            await saver.release()
            await graph.abulk_update_state(config, supersteps)
            await saver.flush()
        await _publish(conn, graph, config)
    return "null"


async def _create(conn: Conn, asked: Question) -> None:
    params = {
        "tenant": asked["tenant"],
        "thread_id": asked["thread_id"],
        "metadata": wire.dumps_text(asked["metadata"]),
        "ttl_strategy": asked["ttl_strategy"],
        "ttl_minutes": asked["ttl_minutes"],
    }
    if await (await conn.execute(statement("create_thread"), params)).fetchone() is None:
        raise ApiError(409, f"Thread with ID {asked['thread_id']} already exists")


async def _publish(conn: Conn, graph: Graph, config: RunnableConfig) -> None:
    shown = shown_on_thread(config["configurable"]["thread_id"], await graph.aget_state(config))
    await conn.execute(statement("publish_state"), shown)


def _update(graph: Graph, update: Question) -> StateUpdate:
    if update["as_node"] not in _SPECIAL | graph.nodes.keys():
        raise no_such_node(update["as_node"], graph)
    command = update["command"]
    return StateUpdate(update["values"] if command is None else _command(command), update["as_node"])


def _command(command: Question) -> Any:
    try:
        return Command(update=command["update"], goto=goto_of(command["goto"]))
    except KeyError:
        raise ApiError(422, 'command.goto is a Send without "node"') from None
