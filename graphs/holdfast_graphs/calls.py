"""The tool calls in a conversation: which wait for an answer, what they are, and how they are answered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, InvalidToolCall, ToolMessage
from pydantic import JsonValue

from holdfast_tools import ToolCall
from holdfast_tools.result import excerpt


@dataclass(frozen=True)
class Pending:
    """The calls of the last AI message that have no answer yet; the broken ones are no valid JSON."""

    message: AIMessage
    calls: list[ToolCall]
    broken: list[InvalidToolCall]

    def __bool__(self) -> bool:
        return bool(self.calls or self.broken)


def pending(messages: Sequence[AnyMessage]) -> Pending | None:
    """What still waits for an answer, or None when the conversation has moved on from the last AI message."""
    answered: set[str] = set()
    for message in reversed(messages):
        if isinstance(message, ToolMessage):
            answered.add(message.tool_call_id)
        elif isinstance(message, AIMessage):
            return _unanswered(message, answered)
        else:
            return None
    return None


def _unanswered(message: AIMessage, answered: set[str]) -> Pending | None:
    calls = [call for call in tool_calls(message) if call.id not in answered]
    broken = [call for call in message.invalid_tool_calls if (call["id"] or "") not in answered]
    return Pending(message, calls, broken) if calls or broken else None


def tool_calls(message: AIMessage) -> list[ToolCall]:
    """The well-formed calls of `message`."""
    return [ToolCall(call["id"] or "", call["name"], call["args"]) for call in message.tool_calls]


def call_ids(message: AIMessage) -> list[str]:
    """The ids of all calls of `message`, broken ones last, in the order a provider is sent them."""
    return [call["id"] or "" for call in (*message.tool_calls, *message.invalid_tool_calls)]


def this_turn(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """The messages since the newest human one."""
    start = max((i for i, message in enumerate(messages) if isinstance(message, HumanMessage)), default=-1)
    return list(messages[start + 1 :])


def with_unique_ids(message: AIMessage, messages: Iterable[AnyMessage]) -> AIMessage:
    """`message` with an id on every call that no earlier call of the conversation carries.

    Some local model servers number their calls anew in every answer, or not at all; an approval of the first
    `call_0` must not count for the second.
    """
    taken = {id for earlier in messages if isinstance(earlier, AIMessage) for id in call_ids(earlier)} | {""}
    fresh: list[str] = []
    for id in call_ids(message):
        fresh.append(f"call_{uuid4().hex}" if id in taken else id)
        taken.add(fresh[-1])
    if fresh == call_ids(message):
        return message
    well_formed = len(message.tool_calls)
    return message.model_copy(
        update={
            "tool_calls": [{**c, "id": i} for c, i in zip(message.tool_calls, fresh, strict=False)],
            "invalid_tool_calls": [
                {**c, "id": i} for c, i in zip(message.invalid_tool_calls, fresh[well_formed:], strict=True)
            ],
        }
    )


def with_args(message: AIMessage, args: Mapping[str, Mapping[str, JsonValue]]) -> AIMessage:
    """`message` with the arguments of the calls in `args` (by id) replaced; it keeps its own id."""
    edited = [{**c, "args": dict(args[c["id"] or ""])} if c["id"] in args else c for c in message.tool_calls]
    return message.model_copy(update={"tool_calls": edited})


def success(call: ToolCall, content: str, artifact: object | None = None) -> ToolMessage:
    """The answer to a call that worked."""
    return ToolMessage(content, tool_call_id=call.id, name=call.name, artifact=artifact)


def failure(call: ToolCall, reason: str) -> ToolMessage:
    """The answer to a call that did not work."""
    return ToolMessage(reason, tool_call_id=call.id, name=call.name, status="error")


def broken_json(call: InvalidToolCall) -> ToolMessage:
    """The answer to a call whose arguments are no JSON object: what is wrong, and what was written."""
    name = call["name"] or "a tool without a name"
    written = excerpt(call["args"] or "", 300)
    why = f" ({excerpt(call['error'], 200)})" if call["error"] else ""
    reason = (
        f"{name} was not called: its arguments are not one valid JSON object{why}. You wrote: {written} "
        "Write the arguments as one JSON object and call again."
    )
    return ToolMessage(reason, tool_call_id=call["id"] or "", name=call["name"], status="error")
