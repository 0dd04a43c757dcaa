"""JSON from outside is bounded before anybody works with it."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server import untrusted
from holdfast_server.untrusted import TooMuch, parsed

MANY = untrusted.MAX_VALUES + 2
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_what_is_small_comes_through_as_it_is(value: object) -> None:
    assert parsed(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("what", "raw"),
    [
        ("nested", b"[" * 10_000 + b"]" * 10_000),
        ("nested", b'{"a":' * 300 + b"1" + b"}" * 300),
        ("nested", b"[" * 201 + b"]" * 201),
        ("values", b"{" + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}"),
        ("values", b"[" + b"[]," * 10_000_000 + b"[]]"),
        ("values", b"[" * 25_000_000),
        # Strings that do not end: the check itself must not take the square of their length.
        ("values", b"," * MANY + b'"' + b'\\"a' * 3_000_000),
        ("values", b"," * MANY + b'"' + b"\\\\" * 3_000_000 + b"\\"),
    ],
)
def test_what_is_too_much_is_refused_quickly(what: str, raw: bytes) -> None:
    began = time.process_time()
    with pytest.raises(TooMuch, match=what):
        parsed(raw)
    assert time.process_time() - began < 3


def test_two_hundred_levels_and_a_long_text_full_of_commas_are_fine() -> None:
    parsed(b"[" * 200 + b"]" * 200)
    table = "1,2,[3],{4}\n" * 200_000
    assert parsed(json.dumps({"table": table})) == {"table": table}
    assert len(parsed(json.dumps([0.5] * 100_000))) == 100_000
