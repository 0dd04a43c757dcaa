"""Parts of a LangGraph stream on their way through stream transformers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.stream import LifecycleTransformer, ProtocolEvent, StreamTransformer

from holdfast_server.compat.langgraph import (
    MESSAGE_BLOCKS,
    StreamMux,
    TaskReader,
    convert_to_protocol_event,
)
from holdfast_server.graphs.served import Graph

Part = tuple[tuple[str, ...], str, Any]
Factory = Callable[[tuple[str, ...]], StreamTransformer]
_MODES = ("values", "updates", "messages", "custom", "tasks", "checkpoints", "tools")


async def protocol_parts(
    graph: Graph, value: Any, config: RunnableConfig, options: dict[str, Any]
) -> AsyncIterator[Part]:
    """Runs the graph once with everything that a protocol client may subscribe to.

    This is `graph.astream_events(version="v3")` without the views of it that only a caller in the same
    process can read, and with tasks.
    """
    mux = _mux(LifecycleTransformer, *graph.stream_transformers)
    asked = {mode for transformer in mux._transformers for mode in transformer.required_stream_modes}
    config = {**config, "configurable": {**config["configurable"], MESSAGE_BLOCKS: True}}
    chunks = graph.astream(
        value,
        config,
        **{**options, "stream_mode": sorted({*_MODES, *asked}), "subgraphs": True, "version": "v2"},
    )
    async for part in _through(mux, chunks):
        yield part


async def with_lifecycle(parts: AsyncIterator[Part]) -> AsyncIterator[Part]:
    """The parts of an ordinary run, with the lifecycle of the sub-graphs that it streams."""
    chunks = ({"type": mode, "ns": namespace, "data": data} async for namespace, mode, data in parts)
    async for part in _through(_mux(LifecycleTransformer), chunks):
        yield part


def _mux(*factories: Factory) -> StreamMux:
    return StreamMux(factories=[partial(_open, factory) for factory in factories], is_async=True)


def _open(factory: Factory, scope: tuple[str, ...]) -> StreamTransformer:
    """A transformer; one that knows of sub-graphs from their tasks does not swallow these."""
    transformer = factory(scope)
    if isinstance(transformer, TaskReader):
        process = transformer.aprocess

        async def shown(event: ProtocolEvent) -> bool:
            return await process(event) or event["method"] == "tasks"

        transformer.aprocess = shown  # type: ignore[method-assign]
    return transformer


async def _through(mux: StreamMux, chunks: AsyncIterator[Any]) -> AsyncIterator[Part]:
    # The reader pulls: the graph goes on when the log of the mux is empty, in this task and in no other.
    async def pull() -> bool:
        try:
            event = convert_to_protocol_event(await anext(chunks))
        except StopAsyncIteration:
            await mux.aclose()
            return False
        except Exception as failure:
            await mux.afail(failure)
            return False
        await mux.apush(event)
        return True

    mux.bind_apump(pull)
    async for event in mux._events:
        yield _part(event)


def _part(event: ProtocolEvent) -> Part:
    method, params = event["method"], event["params"]
    if method.startswith("custom:"):
        # A channel of the graph's own transformers; clients find its name in the data.
        return (), "custom", {"name": method.removeprefix("custom:"), "payload": params["data"]}
    return tuple(params["namespace"]), method, params["data"]
