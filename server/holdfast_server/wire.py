"""JSON as it goes over the wire and into the database: any graph value in, valid UTF-8 JSON out."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Set
from typing import Any

import orjson
from langgraph.types import Interrupt

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
MAX_DEPTH = 200


class Unwritable(ValueError):
    """A value that cannot be written as JSON at all."""


def dumps(value: object) -> bytes:
    """Writes a value as JSON; what JSON cannot hold (NaN, lone surrogates, objects) becomes what it can.

    Raises:
        Unwritable: the value contains itself or is nested deeper than the wire allows.
    """
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS)
    except TypeError:
        # orjson refuses lone surrogates, integers above 64 bit and deep nesting; this path is slow and rare.
        return json.dumps(_clean(value, 0), ensure_ascii=True, allow_nan=False).encode()


def dumps_text(value: object) -> str:
    """Writes a value as JSON text."""
    return dumps(value).decode()


def loads(raw: bytes | str) -> Any:
    """Reads JSON strictly: no NaN, no lone surrogates.

    Raises:
        ValueError: not JSON.
    """
    return orjson.loads(raw)


def interrupt(value: Interrupt, *, with_schema: bool = False) -> dict[str, object]:
    """An interrupt as clients know it; `response_schema` only where the protocol shows it."""
    shown: dict[str, object] = {"value": value.value, "id": value.id}
    schema = getattr(value, "response_schema", None)
    if schema is not None or with_schema:
        shown["response_schema"] = schema
    return shown


def depth_of(value: object, limit: int = MAX_DEPTH) -> int:
    """How deeply lists and objects are nested, counted without recursion; stops just above `limit`."""
    deepest, layer = 0, [value]
    while layer and deepest <= limit:
        layer = [inner for outer in layer for inner in _children(outer)]
        deepest += 1
    return deepest


def unstorable(value: object) -> str | None:
    """Why PostgreSQL's jsonb cannot hold this value, or None when it can."""
    layer = [value]
    while layer:
        for item in layer:
            if isinstance(item, str) and "\x00" in item:
                return "contains a NUL character (\\u0000)"
        layer = [inner for outer in layer for inner in _children(outer, keys=True)]
    return None


def _children(value: object, *, keys: bool = False) -> list[object]:
    if isinstance(value, Mapping):
        return [*value.values(), *(value.keys() if keys else ())]
    return list(value) if isinstance(value, list | tuple) else []


def _plain(value: Any) -> object:
    """One step from a Python object towards JSON."""
    if isinstance(value, Interrupt):
        return interrupt(value, with_schema=True)
    if (fields := getattr(type(value), "__dataclass_fields__", None)) is not None:
        return {name: getattr(value, name, None) for name in fields}
    for method in ("model_dump", "to_dict", "_asdict", "dict"):
        if callable(found := getattr(value, method, None)) and not isinstance(value, type):
            return found()
    if isinstance(value, BaseException):
        return {"error": type(value).__name__, "message": str(value)}
    if isinstance(value, Set | tuple):
        return list(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _clean(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Unwritable(f"the value is nested deeper than {MAX_DEPTH} levels; flatten it")
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if value == value and abs(value) != float("inf") else None
        case str():
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {str(_clean(str(k), depth)): _clean(v, depth + 1) for k, v in value.items()}
        case list() | tuple():
            return [_clean(item, depth + 1) for item in value]
        case _:
            return _clean(_plain(value), depth + 1)
