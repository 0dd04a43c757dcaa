"""The events of a run in the form LangGraph clients read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import BaseMessage, BaseMessageChunk, message_chunk_to_message
from langchain_core.runnables import RunnableConfig
from langgraph.runtime import RunControl

from holdfast_server import wire
from holdfast_server.graphs.served import Graph
from holdfast_server.runs.blocks import Blocks
from holdfast_server.runs.events import Event
from holdfast_server.runs.invocation import context_for
from holdfast_server.runs.transformed import Part, protocol_parts, with_lifecycle

# Modes that LangGraph produces under the same name.
_PLAIN = ("values", "updates", "custom", "tasks", "checkpoints", "debug", "tools")
# `values` and `updates` tell how the run ends, whether or not the client wants to see them.
_ALWAYS = ("values", "updates")


def stream_parts(
    graph: Graph, value: Any, config: RunnableConfig, kwargs: Mapping[str, Any], control: RunControl
) -> AsyncIterator[Part]:
    """Runs the graph and yields (namespace, mode, chunk), plus `events` when they were asked for."""
    wanted = kwargs.get("stream_mode") or []
    modes = {*_ALWAYS, *(m for m in wanted if m in _PLAIN)}
    if "messages" in wanted or "messages-tuple" in wanted:
        modes.add("messages")
    if "lifecycle" in wanted:
        modes.add("tasks")
    options: dict[str, Any] = {
        "stream_mode": sorted(modes),
        "subgraphs": bool(kwargs.get("subgraphs")),
        "durability": "sync",
        "interrupt_before": kwargs.get("interrupt_before"),
        "interrupt_after": kwargs.get("interrupt_after"),
        "control": control,
    }
    context = context_for(graph, kwargs.get("context"))
    if context is not None:
        options["context"] = context
    if kwargs.get("protocol"):
        return protocol_parts(graph, value, config, options)
    run = _with_events if "events" in wanted else _without_events
    parts = run(graph, value, config, options)
    return with_lifecycle(parts) if "lifecycle" in wanted else parts


async def _without_events(
    graph: Graph, value: Any, config: RunnableConfig, options: dict[str, Any]
) -> AsyncIterator[Part]:
    async for chunk in graph.astream(value, config, **options):
        yield _part(chunk)


async def _with_events(
    graph: Graph, value: Any, config: RunnableConfig, options: dict[str, Any]
) -> AsyncIterator[Part]:
    root = str(config["run_id"])
    async for event in graph.astream_events(value, config, version="v2", **options):
        if event["event"] == "on_chain_stream" and event["run_id"] == root:
            yield _part(event["data"]["chunk"])
        yield (), "events", event


def _part(chunk: Any) -> Part:
    # LangGraph names the namespace only when sub-graphs are streamed.
    return chunk if len(chunk) == 3 else ((), *chunk)


@dataclass
class Translator:
    """Turns parts into the events that the client asked for, and remembers how the run stands."""

    wanted: tuple[str, ...]
    protocol: bool = False
    values: Any = None
    interrupted: bool = False
    _values_text: str | None = None
    _messages: dict[str, BaseMessage] = field(default_factory=dict)
    _blocks: Blocks = field(default_factory=Blocks)

    def events(self, part: Part) -> list[Event]:
        """The events of one part, in order; none when nobody asked for it."""
        namespace, mode, chunk = part
        if not namespace:
            self._remember(mode, chunk)
        if mode == "messages":
            if self.protocol:
                return [Event(_name("blocks", namespace), text) for text in self._blocks.of(*chunk)]
            return self._message_events(namespace, *chunk)
        if mode == "lifecycle":
            namespace = tuple(chunk["namespace"])
        shown = mode in self.wanted
        if mode == "updates" and not shown and "values" not in self.wanted and not namespace:
            # Without it a client that only streams messages would never learn of a question.
            shown = "__interrupt__" in chunk
        if not shown:
            return []
        if mode == "values" and not namespace:
            return [Event("values", self.values_text)]
        return [Event(_name(mode, namespace), wire.dumps_text(_enriched(mode, chunk)))]

    @property
    def values_text(self) -> str:
        """The newest values of the root graph as JSON text, written once for event and result."""
        if self._values_text is None:
            self._values_text = wire.dumps_text(self.values)
        return self._values_text

    def _remember(self, mode: str, chunk: Any) -> None:
        if mode == "values":
            self.values, self._values_text = chunk, None
        elif mode == "updates" and isinstance(chunk, dict) and "__interrupt__" in chunk:
            self.interrupted = True

    def _message_events(self, namespace: tuple[str, ...], message: Any, metadata: Any) -> list[Event]:
        events = []
        if "messages-tuple" in self.wanted:
            events.append(Event(_name("messages", namespace), wire.dumps_text([message, metadata])))
        if "messages" in self.wanted and isinstance(message, BaseMessage):
            events += self._accumulated(namespace, message, metadata)
        return events

    def _accumulated(self, namespace: tuple[str, ...], message: BaseMessage, metadata: Any) -> list[Event]:
        key = str(message.id)
        events = []
        known = self._messages.get(key)
        if known is None:
            told = {key: {"metadata": metadata}}
            events.append(Event(_name("messages/metadata", namespace), wire.dumps_text(told)))
        if isinstance(message, BaseMessageChunk):
            total = known + message if isinstance(known, BaseMessageChunk) else message
            self._messages[key] = total
            shown = [message_chunk_to_message(total)]
            return [*events, Event(_name("messages/partial", namespace), wire.dumps_text(shown))]
        self._messages[key] = message
        return [*events, Event(_name("messages/complete", namespace), wire.dumps_text([message]))]


def _name(mode: str, namespace: tuple[str, ...]) -> str:
    return "|".join((mode, *namespace))


def _enriched(mode: str, chunk: Any) -> Any:
    """Debug checkpoints also carry the two references that Studio's timeline reads, and others their ids."""
    if mode == "checkpoints":
        return {**chunk, **_summary(chunk)}
    if mode != "debug" or chunk.get("type") != "checkpoint":
        return chunk
    payload = chunk["payload"]
    return {
        **chunk,
        "payload": {
            **payload,
            "checkpoint": _reference(payload.get("config")),
            "parent_checkpoint": _reference(payload.get("parent_config")),
        },
    }


def _reference(config: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not config:
        return None
    keys = ("thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map")
    return {k: config["configurable"][k] for k in keys if k in config["configurable"]}


def _summary(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """What protocol clients read of a checkpoint: where it is in the tree, and how it came about."""
    parent = _reference(checkpoint.get("parent_config"))
    metadata = checkpoint.get("metadata") or {}
    return {
        "id": checkpoint["config"]["configurable"].get("checkpoint_id"),
        **({"parent_id": parent.get("checkpoint_id")} if parent else {}),
        "step": metadata.get("step"),
        "source": metadata.get("source"),
    }
