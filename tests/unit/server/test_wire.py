"""Any Python value becomes valid JSON; what JSON can hold comes back as it was."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.types import Interrupt
from pydantic import BaseModel

from holdfast_server import wire

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.none() | st.booleans() | NUMBERS | TEXT
JSON = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=30)
ODD: st.SearchStrategy[Hashable] = st.one_of(
    *(st.text(), st.integers(), st.floats(), st.binary(), st.dates(), st.uuids(), st.complex_numbers()),
    *(st.decimals(allow_nan=False), st.none(), st.booleans(), st.tuples(st.integers(), st.text())),
)
ANYTHING = st.recursive(
    ODD,
    lambda inner: st.lists(inner) | st.dictionaries(ODD, inner) | st.sets(ODD) | st.tuples(inner, inner),
    max_leaves=20,
)


@dataclass
class Point:
    x: int
    label: str


class Colour(Enum):
    RED = "red"


class Pair(NamedTuple):
    left: int
    right: int


class Model(BaseModel):
    name: str


class Mute:
    """Fails at everything that it is asked."""

    def model_dump(self) -> Any:
        raise RuntimeError

    def __str__(self) -> str:
        raise RuntimeError


def as_client_sees(value: object) -> Any:
    return wire.loads(wire.dumps(value))


@given(JSON)
def test_json_comes_back_as_it_was(value: Any) -> None:
    assert as_client_sees(value) == value


@given(ANYTHING)
@settings(max_examples=300)
def test_anything_becomes_valid_json(value: Any) -> None:
    as_client_sees(value)


@given(st.integers())
def test_an_integer_of_any_size_is_written_exactly(number: int) -> None:
    assert wire.dumps(number).decode() == str(number)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (math.nan, None),
        ([math.inf, "\ud800"], [None, "?"]),
        ("a\x00b", "a\x00b"),
        ({"a\ud800": 1}, {"a?": 1}),
        ({(1, 2): {3}}, {"(1, 2)": [3]}),
        (b"\x00\xff", "AP8="),
        (Point(1, "\ud800"), {"x": 1, "label": "?"}),
        (Colour.RED, "red"),
        (Pair(1, 2), {"left": 1, "right": 2}),
        (Model(name="m"), {"name": "m"}),
        (Model, "<class 'test_wire.Model'>"),
        (ValueError("why"), {"error": "ValueError", "message": "why"}),
        (Interrupt(value=1, id="i"), {"value": 1, "id": "i", "response_schema": None}),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
        (
            [datetime(2026, 1, 2, tzinfo=UTC), Colour.RED, 2**70],
            ["2026-01-02T00:00:00+00:00", "red", 2.0**70],
        ),
    ],
)
def test_an_object_is_written_as_what_it_is(value: object, seen: Any) -> None:
    assert as_client_sees(value) == seen


def test_messages_are_written_with_their_type() -> None:
    human, ai = as_client_sees([HumanMessage("hi", id="1"), AIMessage("\ud800", id="2")])
    assert (human["type"], human["content"], ai["type"], ai["content"]) == ("human", "hi", "ai", "?")


def test_what_contains_itself_or_has_no_end_says_so() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert as_client_sees(ring) == [1, "<contains itself>"]
    deep: Any = 0
    for _ in range(1000):
        deep = [deep]
    assert b"<nested deeper than 200 levels>" in wire.dumps(deep)


def test_an_object_that_fails_at_everything_is_still_written() -> None:
    assert "Mute object" in as_client_sees([Mute()])[0]


@given(JSON)
def test_nul_is_found_wherever_it_is(value: Any) -> None:
    written = wire.dumps_text(value)
    has_nul = "\\u0000" in written.replace("\\\\", "")
    assert (wire.unstorable(value) is not None) == has_nul


@pytest.mark.parametrize(("value", "depth"), [(1, 1), ([], 1), ([1], 2), ({"a": [{}]}, 3)])
def test_depth_is_counted_in_levels(value: Any, depth: int) -> None:
    assert wire.depth_of(value) == depth


def test_very_deep_values_are_measured_without_recursion() -> None:
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]
    assert wire.depth_of(deep) == wire.MAX_DEPTH + 1


@pytest.mark.parametrize("raw", [b"NaN", b'"\\ud800"', b"", b"{", b"[1,]"])
def test_reading_is_strict(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wire.loads(raw)
