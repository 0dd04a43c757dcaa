"""Messages as protocol clients read them: a start, content blocks as they grow, a finish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage, ToolMessage

from holdfast_server import wire
from holdfast_server.compat.langgraph import message_to_events

_ROLES = {"human": "human", "system": "system"}


@dataclass
class Blocks:
    """Turns what LangGraph streams of messages into events; LangChain cuts the messages into blocks.

    Every event names its message, so that a reader can tell two models apart that speak at the same time.
    """

    _speaking: dict[str, str] = field(default_factory=dict)

    def of(self, payload: Any, metadata: Mapping[str, Any]) -> list[str]:
        """The events of one part, as JSON texts."""
        if isinstance(payload, Mapping):
            event = self._streamed(payload, metadata)
            return [wire.dumps_text(event)] if event else []
        if isinstance(payload, AIMessageChunk | ToolMessage) or not isinstance(payload, BaseMessage):
            return []
        return [wire.dumps_text(event) for event in self._whole(payload, metadata)]

    def _streamed(self, event: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any] | None:
        call = str(metadata.get("run_id"))
        if event["event"] == "message-start":
            if event.get("role") == "tool":
                return None
            self._speaking[call] = str(event.get("id") or event.get("message_id") or call)
            return _placed({"id": self._speaking[call], **event}, metadata)
        if call not in self._speaking:
            return None
        named = {**event, "message_id": self._speaking[call]}
        if event["event"] in ("message-finish", "error"):
            del self._speaking[call]
        return named

    def _whole(self, message: BaseMessage, metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
        start, *rest = [dict(event) for event in message_to_events(message, message_id=message.id)]
        role = _ROLES.get(message.type, "ai")
        told = [_placed({**start, "id": message.id, "role": role}, metadata)]
        return told + [{**event, "message_id": message.id} for event in rest]


def _placed(start: dict[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """A start that also says which node speaks."""
    node = metadata.get("langgraph_node")
    return {**start, "metadata": {**(start.get("metadata") or {}), "langgraph_node": node}}
