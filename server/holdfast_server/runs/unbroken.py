"""Unbroken: a secret that a model says in several pieces does not get by unmasked in pieces."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessageChunk

from holdfast_server.masking.tails import Tails
from holdfast_server.runs.transformed import Part

# Where each kind of delta has its text.
_TEXT = {"text-delta": "text", "reasoning-delta": "reasoning", "tool-call-delta": "args"}
_ENDS = ("content-block-finish", "message-finish", "error")


@dataclass
class Unbroken:
    """The parts of one run's stream; the end of a message waits while it may begin a secret."""

    _tails: Tails = field(default_factory=Tails)
    _speaking: dict[Hashable, Part] = field(default_factory=dict)
    _deltas: dict[Hashable, Mapping[str, Any]] = field(default_factory=dict)

    def parts(self, part: Part) -> list[Part]:
        """What can be told after this part."""
        namespace, mode, chunk = part
        if mode == "messages":
            message, metadata = chunk
            if isinstance(message, AIMessageChunk):
                return [(namespace, mode, (self._heard(namespace, message, part), metadata))]
            if isinstance(message, Mapping) and "event" in message:
                return [(namespace, mode, (event, metadata)) for event in self._events(message, metadata)]
        if mode == "events" and isinstance(message := chunk["data"].get("chunk"), AIMessageChunk):
            told = self._message((chunk["event"], chunk["run_id"]), message)
            return [(namespace, mode, {**chunk, "data": {**chunk["data"], "chunk": told}})]
        return [part]

    def rest(self) -> list[Part]:
        """What was held back of messages that ended without saying so."""
        return [
            (namespace, mode, (message.model_copy(update={"content": rest}), metadata))
            for speaker, (namespace, mode, (message, metadata)) in self._speaking.items()
            for _, rest in self._tails.rests(speaker, "content")
        ]

    def _heard(self, namespace: tuple[str, ...], message: AIMessageChunk, part: Part) -> AIMessageChunk:
        speaker = (namespace, message.id)
        if message.chunk_position == "last":
            self._speaking.pop(speaker, None)
        else:
            self._speaking[speaker] = part
        return self._message(speaker, message)

    def _message(self, speaker: Hashable, message: AIMessageChunk) -> AIMessageChunk:
        """The message with what can be said of it; its last chunk says the rest."""
        last = message.chunk_position == "last"
        content = self._content(speaker, message.content, last=last)
        calls = [self._call(speaker, call) for call in message.tool_call_chunks]
        if last:
            rests = self._tails.rests(speaker, "call")
            calls += [{"name": None, "id": None, "index": n, "args": rest} for n, rest in rests]
        if calls == message.tool_call_chunks:
            same = content == message.content
            return message if same else message.model_copy(update={"content": content})
        # Made anew: LangChain derives the parsed calls from their chunks.
        fields = {name: getattr(message, name) for name in type(message).model_fields}
        told = {"content": content, "tool_call_chunks": calls, "tool_calls": [], "invalid_tool_calls": []}
        return AIMessageChunk(**{**fields, **told})

    def _content(self, speaker: Hashable, content: Any, *, last: bool) -> Any:
        if isinstance(content, str):
            said = self._tails.next((speaker, "content", 0), content)
            return said + (self._tails.rest((speaker, "content", 0)) if last else "")
        blocks = [self._block(speaker, block) for block in content]
        rests = self._tails.rests(speaker, "block") if last else []
        return blocks + [{"type": "text", "text": rest, "index": n} for n, rest in rests]

    def _block(self, speaker: Hashable, block: Any) -> Any:
        if not isinstance(block, dict) or not isinstance(block.get("text"), str):
            return block
        return {**block, "text": self._tails.next((speaker, "block", block.get("index", 0)), block["text"])}

    def _call(self, speaker: Hashable, call: Any) -> Any:
        args = call.get("args")
        return (
            {**call, "args": self._tails.next((speaker, "call", call.get("index")), args)} if args else call
        )

    def _events(self, event: Mapping[str, Any], metadata: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """The events of the protocol: deltas, and before the end of a block what was held back of it."""
        speaker = metadata.get("run_id")
        key = (speaker, "block", event.get("index"))
        delta = event.get("delta") or {}
        if event["event"] == "content-block-delta" and delta.get("type") in _TEXT:
            self._deltas[key] = event
            return [_delta(event, self._tails.next(key, delta[_TEXT[delta["type"]]]))]
        if event["event"] in _ENDS and (rest := self._tails.rest(key)):
            return [_delta(self._deltas.pop(key), rest), event]
        return [event]


def _delta(event: Mapping[str, Any], text: str) -> dict[str, Any]:
    delta = event["delta"]
    return {**event, "delta": {**delta, _TEXT[delta["type"]]: text}}
