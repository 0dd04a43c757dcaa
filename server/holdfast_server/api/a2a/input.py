"""From the parts of a message to what a graph takes: its input, or the answer to its question."""

from __future__ import annotations

import base64
import re
from typing import Any

from a2a.helpers.proto_helpers import get_data_parts, get_text_parts
from a2a.types import Message, Part
from a2a.utils.errors import ContentTypeNotSupportedError, InvalidParamsError

from holdfast_server import wire

Json = dict[str, Any]

_MEDIA = re.compile(r"(image|audio|video)/")


def takes_messages(schema: Json | None) -> bool:
    """Whether a graph is somebody to talk to."""
    return "messages" in ((schema or {}).get("properties") or {})


def input_of(message: Message, schema: Json | None) -> Any:
    """A graph's input.

    A graph with `messages` hears text and files as one user message; data whose keys are fields of the input
    fill these, other data is told as JSON. Any other graph takes data only; text beside it is a remark.

    Raises:
        ContentTypeNotSupportedError: the graph cannot take what was sent.
    """
    if takes_messages(schema):
        return _conversation(message, set((schema or {}).get("properties") or {}))
    if _files(message):
        sentence = "This assistant takes data; send files to one that takes messages"
        raise ContentTypeNotSupportedError(sentence)
    return _input(message, schema)


def answer_of(message: Message) -> Any:
    """The answer to a question: the data if there is any, else the text.

    Raises:
        A2AError: an answer that says nothing, or files.
    """
    if _files(message):
        raise ContentTypeNotSupportedError("A question is answered with text or data, not with a file")
    given = _data(message) or [_text(message)]
    answer = given[0] if len(given) == 1 else given
    if answer is None:
        raise InvalidParamsError("The answer is null, which LangGraph takes for no answer; send text or data")
    return answer


def _conversation(message: Message, fields: set[str]) -> Json:
    filled: Json = {}
    told = [said for said in (_text(message),) if said is not None]
    for data in _data(message):
        if isinstance(data, dict) and data and set(data) <= fields:
            filled |= data
        else:
            told.append(wire.dumps_text(data))
    text, files = "\n".join(told), [_block(file) for file in _files(message)]
    if not text and not files:
        return filled
    blocks = [*([{"type": "text", "text": text}] if text else []), *files]
    said = {"role": "user", "content": blocks if files else text}
    before = filled.get("messages") or []
    return filled | {"messages": [*(before if isinstance(before, list) else [before]), said]}


def _input(message: Message, schema: Json | None) -> Any:
    given, text, kind = _data(message), _text(message), (schema or {}).get("type")
    if not given:
        if kind == "string" and text is not None:
            return text
        fields = list((schema or {}).get("properties") or {})
        raise ContentTypeNotSupportedError(
            "This assistant does not take messages, so text alone says nothing to it; "
            f"send a data part {f'with some of the fields {fields}' if fields else 'with its input'}"
        )
    if len(given) == 1:
        return given[0]
    if not all(isinstance(data, dict) for data in given):
        sentence = "Several data parts become one input only when all of them are objects"
        raise ContentTypeNotSupportedError(sentence)
    return {key: value for data in given for key, value in data.items()}


def _text(message: Message) -> str | None:
    said = get_text_parts(message.parts)
    return "\n".join(said) if said else None


def _data(message: Message) -> list[Any]:
    return [_whole(data) for data in get_data_parts(message.parts)]


def _whole(value: Any) -> Any:
    """The package reads numbers as doubles; what has no fraction was an integer, or nobody can tell."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _whole(inner) for key, inner in value.items()}
        case list():
            return [_whole(inner) for inner in value]
    return value


def _files(message: Message) -> list[Part]:
    return [part for part in message.parts if part.WhichOneof("content") in ("raw", "url")]


def _block(part: Part) -> Json:
    """A file as LangChain's content block."""
    kind = _MEDIA.match(part.media_type)
    block: Json = {"type": kind[1] if kind else "file"}
    block |= {"mime_type": part.media_type} if part.media_type else {}
    block |= {"filename": part.filename} if part.filename else {}
    if part.HasField("raw"):
        return block | {"base64": base64.b64encode(part.raw).decode()}
    return block | {"url": part.url}
