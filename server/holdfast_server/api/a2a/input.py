"""From the parts of a message to what a graph takes: its input, or the answer to its question."""

from __future__ import annotations

import re
from typing import Any

from holdfast_server import wire
from holdfast_server.api.a2a.errors import invalid, wrong_content
from holdfast_server.api.a2a.incoming import File, Json, Message

_MEDIA = re.compile(r"(image|audio|video)/")


def takes_messages(schema: Json | None) -> bool:
    """Whether a graph is somebody to talk to."""
    return "messages" in ((schema or {}).get("properties") or {})


def input_of(message: Message, schema: Json | None) -> Any:
    """A graph's input.

    A graph with `messages` hears text and files as one user message; data whose keys are fields of the input
    fill these, other data is told as JSON. Any other graph takes data only; text beside it is a remark.

    Raises:
        RpcError: -32005, the graph cannot take what was sent.
    """
    if takes_messages(schema):
        return _conversation(message, set((schema or {}).get("properties") or {}))
    if message.files:
        raise wrong_content("This assistant takes data; send files to one that takes messages")
    return _data(message, schema)


def answer_of(message: Message) -> Any:
    """The answer to a question: the data if there is any, else the text.

    Raises:
        RpcError: -32602 an answer that says nothing, -32005 files.
    """
    if message.files:
        raise wrong_content("A question is answered with text or data, not with a file")
    given = message.data or [message.text]
    answer = given[0] if len(given) == 1 else given
    if answer is None:
        raise invalid("The answer is null, which LangGraph takes for no answer; send text or data")
    return answer


def _conversation(message: Message, fields: set[str]) -> Json:
    filled: Json = {}
    told: list[str] = [] if message.text is None else [message.text]
    for data in message.data:
        if isinstance(data, dict) and data and set(data) <= fields:
            filled |= data
        else:
            told.append(wire.dumps_text(data))
    text, files = "\n".join(told), [_block(file) for file in message.files]
    if not text and not files:
        return filled
    blocks = [*([{"type": "text", "text": text}] if text else []), *files]
    said = {"role": "user", "content": blocks if files else text}
    before = filled.get("messages") or []
    return filled | {"messages": [*(before if isinstance(before, list) else [before]), said]}


def _block(file: File) -> Json:
    """A file as LangChain's content block."""
    kind = _MEDIA.match(file.mimeType or "")
    block: Json = {"type": kind[1] if kind else "file"}
    block |= {"mime_type": file.mimeType} if file.mimeType else {}
    block |= {"filename": file.name} if file.name else {}
    if file.bytes is not None:
        return block | {"base64": file.bytes}
    if file.uri is not None:
        return block | {"url": file.uri}
    raise invalid("A file needs its content or its address")


def _data(message: Message, schema: Json | None) -> Any:
    kind = (schema or {}).get("type")
    if not message.data:
        if kind == "string" and message.text is not None:
            return message.text
        fields = list((schema or {}).get("properties") or {})
        raise wrong_content(
            "This assistant does not take messages, so text alone says nothing to it; "
            f"send a data part {f'with some of the fields {fields}' if fields else 'with its input'}"
        )
    if len(message.data) == 1:
        return message.data[0]
    if not all(isinstance(data, dict) for data in message.data):
        raise wrong_content("Several data parts become one input only when all of them are objects")
    return {key: value for data in message.data for key, value in data.items()}
