"""JSON as it goes over the wire and into the database: any graph value in, valid UTF-8 JSON out."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Set
from contextlib import suppress
from typing import Any

import orjson

from holdfast_server.masking.masker import MASKER

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS
MAX_DEPTH = 200
# In bits; Python refuses to write much longer integers as decimals.
_LONGEST_INTEGER = 4096


def dumps(value: object) -> bytes:
    """Writes any value as JSON; what JSON cannot hold becomes what it can.

    NaN and infinity become null, lone surrogates `?`, objects their fields or their text, and what contains
    itself or is nested deeper than `MAX_DEPTH` a note that says so. In a worker, known secrets are masked.
    """
    written = _written(value)
    return MASKER.bytes(written) if MASKER.in_json else written


def _written(value: object) -> bytes:
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS)
    except TypeError:
        # orjson refuses lone surrogates, integers above 64 bit and deep nesting; this path is slow and rare.
        return json.dumps(_clean(value, ()), ensure_ascii=True, allow_nan=False).encode()


def dumps_text(value: object) -> str:
    """Writes a value as JSON text."""
    return dumps(value).decode()


def loads(raw: bytes | str) -> Any:
    """Reads JSON strictly: no NaN, no lone surrogates.

    Raises:
        ValueError: not JSON.
    """
    return orjson.loads(raw)


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
    if (fields := getattr(type(value), "__dataclass_fields__", None)) is not None:
        return {name: getattr(value, name, None) for name in fields}
    if not isinstance(value, type) and (form := _own_form(value)) is not None:
        return form
    if isinstance(value, BaseException):
        return {"error": type(value).__name__, "message": _text(value)}
    if isinstance(value, Set | tuple):
        return list(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return dict(value)
    return _text(value)


def _own_form(value: Any) -> object:
    """What the object says it is; None when it says nothing, or fails to."""
    for method in ("model_dump", "to_dict", "_asdict", "dict"):
        if callable(found := getattr(value, method, None)):
            with suppress(Exception):
                return found()
    return None


def _text(value: object) -> str:
    with suppress(Exception):
        return str(value)
    return object.__repr__(value)


def _clean(value: Any, above: tuple[int, ...]) -> Any:
    if len(above) > MAX_DEPTH:
        return f"<nested deeper than {MAX_DEPTH} levels>"
    if id(value) in above:
        return "<contains itself>"
    inside = (*above, id(value))
    match value:
        case None | bool() | float():
            return value if value == value and abs(value or 0) != math.inf else None
        case int():
            return value if value.bit_length() <= _LONGEST_INTEGER else hex(value)
        case str():
            return value.encode("utf-8", "replace").decode()
        case Mapping():
            return {_clean(_text(k), ()): _clean(v, inside) for k, v in value.items()}
        case list() | tuple():
            return [_clean(item, inside) for item in value]
    with suppress(TypeError):
        # Dates, enums and the like look the same whichever path they take.
        return orjson.loads(orjson.dumps(value, default=_plain, option=_OPTIONS))
    return _clean(_plain(value), inside)
