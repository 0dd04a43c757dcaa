"""Filters of auth handlers as conditions in SQL: a filter and its condition let the same metadata through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.access.visible import narrowed, visible_under
from holdfast_server.errors import ApiError

NAMES = st.sampled_from(["owner", "team", "shared"])
VALUES = st.one_of(st.sampled_from(["ada", "bob"]), st.integers(0, 2), st.booleans(), st.none())
PLAIN = st.dictionaries(
    NAMES,
    st.one_of(
        VALUES,
        VALUES.map(lambda v: {"$eq": v}),
        VALUES.map(lambda v: {"$contains": v}),
        st.lists(VALUES, max_size=3).map(lambda v: {"$contains": v}),
    ),
    max_size=3,
)
FILTERS = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: {"$or": parts}),
        st.lists(inner, max_size=3).map(lambda parts: {"$and": parts}),
        st.tuples(PLAIN, st.lists(inner, max_size=2)).map(lambda p: {**p[0], "$or": p[1]}),
    ),
    max_leaves=5,
)
METADATA = st.dictionaries(NAMES, st.one_of(VALUES, st.lists(VALUES, max_size=3)), max_size=3)


def same(a: Any, b: Any) -> bool:
    return json.dumps(a) == json.dumps(b)


def lets_through(filter_: dict[str, Any], metadata: dict[str, Any]) -> bool:
    """What the filter means, spelled out."""
    return all(_holds(key, wanted, metadata) for key, wanted in filter_.items())


def _holds(key: str, wanted: Any, metadata: dict[str, Any]) -> bool:
    if key == "$or":
        return any(lets_through(part, metadata) for part in wanted)
    if key == "$and":
        return all(lets_through(part, metadata) for part in wanted)
    if key not in metadata:
        return False
    found = metadata[key]
    if isinstance(wanted, dict) and "$contains" in wanted:
        asked = wanted["$contains"] if isinstance(wanted["$contains"], list) else [wanted["$contains"]]
        return isinstance(found, list) and all(any(same(item, a) for item in found) for a in asked)
    return same(found, wanted["$eq"] if isinstance(wanted, dict) else wanted)


def contains(outer: Any, inner: Any) -> bool:
    """PostgreSQL's `@>` for jsonb below the top level."""
    if isinstance(outer, dict) and isinstance(inner, dict):
        return all(k in outer and contains(outer[k], v) for k, v in inner.items())
    if isinstance(outer, list) and isinstance(inner, list):
        return all(any(contains(o, i) for o in outer) for i in inner)
    return same(outer, inner)


@given(FILTERS, METADATA)
def test_the_condition_means_what_the_filter_says(filter_: dict[str, Any], metadata: dict[str, Any]) -> None:
    documents = visible_under(filter_)
    assert documents is not None
    shown = any(contains(metadata, json.loads(document)) for document in documents)
    assert shown == lets_through(filter_, metadata)


@given(FILTERS, st.dictionaries(NAMES, VALUES, max_size=2), METADATA)
def test_narrowed_asks_for_both(
    filter_: dict[str, Any], added: dict[str, Any], metadata: dict[str, Any]
) -> None:
    documents = narrowed(visible_under(filter_), added)
    assert documents is not None
    shown = any(contains(metadata, json.loads(document)) for document in documents)
    assert shown == (lets_through(filter_, metadata) and lets_through(added, metadata))


def test_no_filter_shows_everything_and_an_empty_choice_nothing() -> None:
    assert visible_under(None) is None
    assert narrowed(None, {}) is None
    assert visible_under({"$or": []}) == []
    assert visible_under({"owner": "ada", "$and": [{"owner": "bob"}]}) == []


@pytest.mark.parametrize(
    "filter_",
    [
        {"owner": {"$ne": "ada"}}, {"owner": ["ada"]}, {"owner": {"$eq": ["ada"]}}, {"owner": {"a": 1}},
        {"$or": {"owner": "ada"}}, {"$or": ["ada"]}, {"$and": None}, {"$not": "ada"}, {"owner": {}},
    ],
)  # fmt: skip
def test_what_is_no_filter_lets_nobody_in(filter_: dict[str, Any]) -> None:
    with pytest.raises(ApiError) as refused:
        visible_under(filter_)
    assert refused.value.status == 500
