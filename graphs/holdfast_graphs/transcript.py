"""The conversation as a provider accepts it: every call legal, and answered right after its message.

Only the model's input is mended; the state keeps what really happened.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from langchain_core.messages import AIMessage, AnyMessage, ToolMessage

from holdfast_graphs.calls import call_ids, failure
from holdfast_tools.call import ToolCall

NO_RESULT = (
    "No result of this call was recorded, because the run ended before it did; it may or may not have "
    "happened. Find out before you call it again."
)
UNNAMED = "unnamed_tool"

_ILLEGAL_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")


def transcript(messages: Sequence[AnyMessage]) -> list[AnyMessage]:
    """`messages` with legal calls, each followed by its answer, or by `NO_RESULT` where there is none."""
    answers = _answers_by_message(messages)
    moved = {id(answer) for group in answers.values() for answer in group}
    mended: list[AnyMessage] = []
    for index, message in enumerate(messages):
        if isinstance(message, AIMessage):
            mended += [_legal(message), *answers[index], *_missing(message, answers[index])]
        elif id(message) not in moved:
            mended.append(message)
    return mended


def _answers_by_message(messages: Sequence[AnyMessage]) -> defaultdict[int, list[ToolMessage]]:
    """The answers of each AI message, by its index; an answer belongs to the latest message with its call."""
    asked_at: dict[str, int] = {}
    answers: defaultdict[int, list[ToolMessage]] = defaultdict(list)
    for index, message in enumerate(messages):
        if isinstance(message, AIMessage):
            asked_at.update(dict.fromkeys(call_ids(message), index))
        elif isinstance(message, ToolMessage) and message.tool_call_id in asked_at:
            answers[asked_at[message.tool_call_id]].append(message)
    return answers


def _missing(message: AIMessage, answers: Sequence[ToolMessage]) -> list[ToolMessage]:
    answered = {answer.tool_call_id for answer in answers}
    names = [call["name"] or UNNAMED for call in (*message.tool_calls, *message.invalid_tool_calls)]
    calls = (ToolCall(id, name, {}) for id, name in zip(call_ids(message), names, strict=True))
    return [failure(call, NO_RESULT) for call in calls if call.id not in answered]


def _legal(message: AIMessage) -> AIMessage:
    """Names a provider refuses to read back are made legal; broken arguments become empty ones."""
    if not message.invalid_tool_calls and all(_is_legal(call["name"]) for call in message.tool_calls):
        return message
    well_formed = [{**call, "name": _legal_name(call["name"])} for call in message.tool_calls]
    broken: list[dict[str, object]] = [
        {"type": "tool_call", "id": call["id"], "name": _legal_name(call["name"]), "args": {}}
        for call in message.invalid_tool_calls
    ]
    return message.model_copy(update={"tool_calls": [*well_formed, *broken], "invalid_tool_calls": []})


def _is_legal(name: str) -> bool:
    return name == _legal_name(name)


def _legal_name(name: str | None) -> str:
    return _ILLEGAL_IN_NAMES.sub("_", name or "")[:64] or UNNAMED
