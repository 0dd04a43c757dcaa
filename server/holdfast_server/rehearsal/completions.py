"""An answer in OpenAI's wire format: one JSON document, or the chunks of a stream.

https://platform.openai.com/docs/api-reference/chat/object and .../chat/streaming
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast_server.rehearsal.reply import Answer, BrokenJson, CallTools, Say
from holdfast_server.rehearsal.usage import Usage

Json = dict[str, object]

# OpenAI streams arguments a few tokens at a time; short pieces make sure that clients really join them.
ARGUMENT_PIECE = 12


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer on its way to one client; `created` is in Unix seconds."""

    id: str
    model: str
    created: int
    answer: Answer
    usage: Usage

    def as_json(self) -> Json:
        """The answer to a request that did not ask for a stream."""
        message: Json = {"role": "assistant", "content": self._text() or None, "refusal": None}
        if calls := list(self._calls()):
            message["tool_calls"] = [call.as_json() for call in calls]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish_reason()}
        return self._envelope("chat.completion") | {"choices": [choice], "usage": self.usage.as_json()}

    def chunks(self, *, include_usage: bool) -> Iterator[Json]:
        """The answer as a stream: role, text and calls in pieces, the finish, and the usage if asked for."""
        yield self._chunk({"role": "assistant", "content": "", "refusal": None}, include_usage)
        for piece in re.findall(r"\S+\s*|\s+", self._text()):
            yield self._chunk({"content": piece}, include_usage)
        for call in self._calls():
            for delta in call.deltas():
                yield self._chunk({"tool_calls": [delta]}, include_usage)
        yield self._chunk({}, include_usage, finish_reason=self._finish_reason())
        if include_usage:
            yield self._envelope("chat.completion.chunk") | {"choices": [], "usage": self.usage.as_json()}

    def _chunk(self, delta: Json, include_usage: bool, finish_reason: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        # With include_usage every chunk but the last carries a null.
        usage: Json = {"usage": None} if include_usage else {}
        return self._envelope("chat.completion.chunk") | {"choices": [choice]} | usage

    def _envelope(self, kind: str) -> Json:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "service_tier": "default",
            "system_fingerprint": "fp_rehearsal",
        }

    def _text(self) -> str:
        match self.answer:
            case Say(text) | CallTools(_, text):
                return text
            case BrokenJson():
                return ""

    def _calls(self) -> Iterator["_WireCall"]:
        prefix = "call_" + self.id.removeprefix("chatcmpl-")
        match self.answer:
            case Say():
                return
            case CallTools(calls):
                for index, call in enumerate(calls):
                    arguments = json.dumps(call.arguments, ensure_ascii=False)
                    yield _WireCall(index, call.id or f"{prefix}{index:02d}", call.name, arguments)
            case BrokenJson(name, arguments):
                yield _WireCall(0, f"{prefix}00", name, arguments)

    def _finish_reason(self) -> str:
        return "stop" if isinstance(self.answer, Say) else "tool_calls"


@dataclass(frozen=True, slots=True)
class _WireCall:
    index: int
    id: str
    name: str
    arguments: str

    def as_json(self) -> Json:
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}

    def deltas(self) -> Iterator[Json]:
        opening = {"name": self.name, "arguments": ""}
        yield {"index": self.index, "id": self.id, "type": "function", "function": opening}
        for start in range(0, len(self.arguments), ARGUMENT_PIECE):
            piece = self.arguments[start : start + ARGUMENT_PIECE]
            yield {"index": self.index, "function": {"arguments": piece}}
