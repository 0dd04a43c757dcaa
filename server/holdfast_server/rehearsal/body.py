"""The body of a chat completion request: read, checked as OpenAI does, and told in a script's words."""

import json
from collections.abc import Mapping

from pydantic import BaseModel, Field, ValidationError

from holdfast_server.rehearsal.errors import InvalidRequest
from holdfast_server.rehearsal.reply import ToolCall
from holdfast_server.rehearsal.request import Message, OfferedTool, Request


class _CalledFunction(BaseModel):
    name: str
    arguments: str


class _ToolCall(BaseModel):
    id: str
    function: _CalledFunction

    def in_script_words(self) -> ToolCall:
        return ToolCall(self.function.name, _arguments(self.function.arguments), self.id)


class _OfferedFunction(BaseModel):
    name: str
    description: str = ""
    parameters: dict[str, object] = Field(default_factory=dict)


class _Tool(BaseModel):
    function: _OfferedFunction

    def in_script_words(self) -> OfferedTool:
        return OfferedTool(self.function.name, self.function.description, self.function.parameters)


class _Part(BaseModel):
    text: str = ""


class _Message(BaseModel):
    role: str
    content: str | list[_Part] | None = None
    tool_calls: list[_ToolCall] = Field(default_factory=list)
    tool_call_id: str | None = None

    def in_script_words(self) -> Message:
        calls = tuple(call.in_script_words() for call in self.tool_calls)
        return Message(self.role, _text(self.content), calls, self.tool_call_id)


class _StreamOptions(BaseModel):
    include_usage: bool = False


class Body(BaseModel):
    """The body as far as a rehearsal needs it; other fields are accepted and ignored."""

    model: str
    messages: list[_Message] = Field(min_length=1)
    tools: list[_Tool] = Field(default_factory=list)
    stream: bool = False
    stream_options: _StreamOptions | None = None

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage

    def in_script_words(self, *, attempt: int) -> Request:
        messages = tuple(message.in_script_words() for message in self.messages)
        tools = tuple(tool.in_script_words() for tool in self.tools)
        return Request(self.model, messages, tools, attempt)


def read_body(raw: bytes) -> Body:
    """Read and check a body; raises `InvalidRequest` for what OpenAI refuses, in its words."""
    try:
        body = Body.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "body"
        raise InvalidRequest(f"Invalid value for '{where}': {first['msg']}.", param=where) from error
    _check_tool_results(body.messages)
    return body


def _check_tool_results(messages: list[_Message]) -> None:
    """Every tool call is answered right after it, and no tool message answers nothing.

    A half-finished run is how one comes by such histories; OpenAI refuses them, so a rehearsal must too.
    """
    asked: set[str] = set()
    unanswered: list[str] = []
    for index, message in enumerate(messages):
        if message.role == "tool":
            _check_was_asked(message.tool_call_id, asked, index)
            unanswered = [call for call in unanswered if call != message.tool_call_id]
        else:
            _check_all_answered(unanswered, index)
            unanswered = [call.id for call in message.tool_calls]
            asked = set(unanswered)
    _check_all_answered(unanswered, len(messages))


def _check_was_asked(call_id: str | None, asked: set[str], index: int) -> None:
    if call_id not in asked:
        raise InvalidRequest(
            "Invalid parameter: messages with role 'tool' must be a response to a preceding message "
            f"with 'tool_calls'; nothing asked for tool_call_id {call_id!r}.",
            param=f"messages.[{index}].role",
        )


def _check_all_answered(unanswered: list[str], index: int) -> None:
    if unanswered:
        raise InvalidRequest(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. These did not have response messages: {', '.join(unanswered)}",
            param=f"messages.[{index}].role",
        )


def _text(content: str | list[_Part] | None) -> str:
    if isinstance(content, list):
        return "".join(part.text for part in content)
    return content or ""


def _arguments(text: str) -> Mapping[str, object]:
    """The arguments of an earlier call; broken ones, which a client sends back as they were, become {}."""
    try:
        parsed: object = json.loads(text)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
