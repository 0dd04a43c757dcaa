"""A tool's result as the text a model reads."""

import json
from dataclasses import asdict, is_dataclass
from typing import Any

from langchain_core.messages.tool import ToolOutputMixin
from pydantic import BaseModel

ERROR_LIMIT = 2_000


def text_of(value: Any) -> Any:
    """`value` as text; LangChain's own outputs (a ToolMessage, a Command) pass through."""
    return value if isinstance(value, ToolOutputMixin) else json_of(value)


def json_of(value: object) -> str:
    """A string as it is, everything else as JSON; what JSON does not know is written as its `str`."""
    if isinstance(value, str):
        return clean(value)
    try:
        return clean(json.dumps(value, default=_jsonable, ensure_ascii=False))
    except (TypeError, ValueError, RecursionError):
        return clean(str(value))


def clean(text: str) -> str:
    """`text` without lone surrogates, which no provider's client can encode."""
    return text.encode("utf-8", "replace").decode("utf-8")


def excerpt(text: str, limit: int = ERROR_LIMIT) -> str:
    """`text` cut in the middle to about `limit` characters, so that its start and its end stay readable."""
    if len(text) <= limit:
        return clean(text)
    half = limit // 2
    return clean(f"{text[:half]} … {text[-half:]}")


def _jsonable(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    return str(value)
