"""What a caller may see of a kind of resource: the filters of an `auth` handler as one condition in SQL.

A filter is `{"owner": "ada"}`, `{"owner": {"$eq": "ada"}}`, `{"shared_with": {"$contains": "ada"}}` or a
combination under `$and` and `$or`, as in `langgraph_sdk.auth.types.FilterType`. Each becomes a list of JSON
documents, of which a resource's metadata must contain one: `metadata @> any(%(visible)s::jsonb[])`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from holdfast_server import wire
from holdfast_server.errors import ApiError

Document = dict[str, Any]
# JSON documents, one of which the metadata must contain; None: everything.
Visible = list[str] | None


def visible_under(filter_: Mapping[str, Any] | None) -> Visible:
    """The condition of a filter.

    Raises:
        ApiError: 500, the handler returned something that is no filter.
    """
    return None if filter_ is None else [wire.dumps_text(document) for document in _documents(filter_)]


def narrowed(visible: Visible, metadata: Mapping[str, Any]) -> Visible:
    """What is visible and has this metadata too: for a handler that adds to what is searched for."""
    if not metadata:
        return visible
    documents: list[Document] = [{}] if visible is None else [wire.loads(text) for text in visible]
    both = (_merged((document, dict(metadata))) for document in documents)
    return [wire.dumps_text(document) for document in both if document is not None]


def _documents(filter_: object) -> list[Document]:
    if not isinstance(filter_, Mapping):
        raise ApiError(500, f"The auth handler's filter has the part {filter_!r}; it must be an object")
    alternatives: list[list[Document]] = []
    for key, wanted in filter_.items():
        match key:
            case "$or":
                alternatives.append([d for part in _parts(key, wanted) for d in _documents(part)])
            case "$and":
                alternatives.extend(_documents(part) for part in _parts(key, wanted))
            case _:
                alternatives.append([{key: _contained(key, wanted)}])
    merged = (_merged(chosen) for chosen in product(*alternatives))
    return [document for document in merged if document is not None]


def _parts(key: str, parts: object) -> Iterable[object]:
    if not isinstance(parts, list | tuple):
        raise ApiError(500, f"The auth handler's filter has {key} {parts!r}; it must be a list of filters")
    return parts


def _contained(key: str, wanted: Any) -> Any:
    if isinstance(wanted, Mapping) and len(wanted) == 1:
        [(operator, operand)] = wanted.items()
        if operator == "$contains":
            return [_scalar(key, item) for item in operand] if _is_list(operand) else [_scalar(key, operand)]
        if operator == "$eq":
            return _scalar(key, operand)
    return _scalar(key, wanted)


def _scalar(key: str, value: Any) -> Any:
    """The value, which must have no parts: of a list or an object the database would compare only some."""
    if key.startswith("$") or isinstance(value, Mapping) or _is_list(value):
        raise ApiError(
            500, f"The auth handler's filter on {key!r} has {value!r}; use a plain value, $eq or $contains"
        )
    return value


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


def _merged(documents: Iterable[Document]) -> Document | None:
    """One document that asks for all; None when nothing can be all of it at once."""
    merged: Document = {}
    for document in documents:
        for key, value in document.items():
            known = merged.get(key, value)
            if isinstance(known, list) and isinstance(value, list) and key in merged:
                merged[key] = [*known, *value]
            elif known == value and type(known) is type(value):
                merged[key] = value
            else:
                return None
    return merged
