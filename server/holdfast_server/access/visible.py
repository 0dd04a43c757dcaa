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


def _documents(filter_: Mapping[str, Any]) -> list[Document]:
    alternatives: list[list[Document]] = []
    for key, wanted in filter_.items():
        match key:
            case "$or":
                alternatives.append([d for part in wanted for d in _documents(part)])
            case "$and":
                alternatives.extend(_documents(part) for part in wanted)
            case _:
                alternatives.append([{key: _contained(key, wanted)}])
    return [_merged(chosen) for chosen in product(*alternatives)]


def _contained(key: str, wanted: Any) -> Any:
    if not isinstance(wanted, Mapping):
        return wanted
    if len(wanted) == 1:
        [(operator, operand)] = wanted.items()
        if operator == "$eq":
            return operand
        if operator == "$contains":
            return list(operand) if isinstance(operand, list | tuple | set) else [operand]
    raise ApiError(500, f"The auth handler's filter on {key!r} is {wanted!r}; use a value, $eq or $contains")


def _merged(documents: Iterable[Document]) -> Document:
    """One document that asks for all; a key asked for twice cannot merge, so both are wanted as a list."""
    merged: Document = {}
    for document in documents:
        for key, value in document.items():
            if key in merged and isinstance(merged[key], list) and isinstance(value, list):
                merged[key] = [*merged[key], *value]
            elif key in merged and merged[key] != value:
                # Nothing is two things at once: a document that no metadata contains.
                merged[key] = [merged[key], value]
            else:
                merged[key] = value
    return merged
