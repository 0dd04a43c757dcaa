"""The checks: every wrong call is answered in words a model can act on, and nothing a model writes raises."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import JsonValue

from holdfast_tools import Approval, Deny, ToolCall
from holdfast_tools.checks import MAX_DEPTH, check_name, check_schema, why_hold

PAY: dict[str, JsonValue] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number"},
        "currency": {"enum": ["USD", "EUR"]},
        "pieces": {"type": "integer"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}


def denied(schema: dict[str, JsonValue], args: Any) -> str:
    """Why `pay` with `args` is refused; empty when it is not."""
    deny = check_schema(ToolCall("c1", "pay", args), schema)
    return deny.reason if deny else ""


def test_all_errors_are_told_at_once_with_their_paths() -> None:
    assert denied(PAY, {"amount": "abc"}) == (
        "pay was called with 2 wrong arguments: $.amount: 'abc' is not of type 'number'; "
        "$: 'currency' is a required property. Correct them and call again."
    )


def test_nothing_is_coerced_and_nothing_unknown_is_let_in() -> None:
    right = {"amount": 1, "currency": "EUR"}
    assert denied(PAY, right) == ""
    assert denied(PAY, right | {"pieces": 1.0}) == ""
    assert "$.amount: '1' is not of type" in denied(PAY, right | {"amount": "1"})
    assert "$.pieces: 1.5 is not of type" in denied(PAY, right | {"pieces": 1.5})
    assert "$.amount: True is not of type" in denied(PAY, right | {"amount": True})
    assert "('tip' was unexpected)" in denied(PAY, right | {"tip": 3})


def test_a_broken_union_names_what_each_branch_wants() -> None:
    reason = denied(PAY, {"amount": 1, "currency": "EUR", "note": 7})
    assert "$.note: 7 is not of type 'string' and 7 is not of type 'null'" in reason


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_does_not_have_are_refused(number: float) -> None:
    assert f"$.amount: {number} is not a JSON number" in denied(PAY, {"amount": number, "currency": "EUR"})


def test_giant_values_are_cut_from_the_message() -> None:
    reason = denied(PAY, {"amount": "x" * 10_000_000, "currency": "EUR"})
    assert len(reason) < 500
    assert "is not of type 'number'" in reason


def test_many_errors_are_counted_and_the_first_are_shown() -> None:
    schema: dict[str, JsonValue] = {"properties": {"n": {"items": {"type": "integer"}}}}
    reason = denied(schema, {"n": ["x"] * 100})
    assert "100 wrong arguments" in reason
    assert "; and 80 more." in reason


def test_deep_nesting_is_refused_before_it_exhausts_the_stack() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert f"deeper than {MAX_DEPTH} levels" in denied({}, {"x": deep})


def test_lone_surrogates_never_reach_the_message() -> None:
    denied(PAY, {"amount": "\ud800", "currency": "\udfff", "\ud800": 1}).encode("utf-8")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array"]),
        "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        "additionalProperties": st.booleans(),
        "minProperties": st.integers(0, 2),
        "properties": st.dictionaries(
            st.sampled_from("abc"),
            st.sampled_from(
                [
                    {"type": "integer"},
                    {"type": ["string", "null"], "minLength": 2},
                    {"type": "number", "multipleOf": 0.1},
                    {"items": {"type": "boolean"}, "uniqueItems": True},
                    {"enum": [1, "x"]},
                    {"oneOf": [{"type": "object"}, {"type": "array"}]},
                ]
            ),
        ),
    },
)


@given(args=st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4), schema=SCHEMAS)
def test_a_call_passes_exactly_when_its_finite_arguments_satisfy_the_schema(
    args: dict[str, Any], schema: dict[str, Any]
) -> None:
    deny = check_schema(ToolCall("c1", "t", args), schema)
    finite = not any(not math.isfinite(number) for number in _floats(args))
    assert (deny is None) == (finite and Draft202012Validator(schema).is_valid(args))
    if deny:
        assert len(deny.reason) < 8_000
        deny.reason.encode("utf-8")


def _floats(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for part in value.values() for number in _floats(part)]
    if isinstance(value, list):
        return [number for part in value for number in _floats(part)]
    return [value] if isinstance(value, float) else []


def test_an_unknown_tool_is_answered_with_the_nearest_and_the_list() -> None:
    assert check_name(ToolCall("c1", "pay_invoce", {}), ["find_invoice", "pay_invoice"]) == Deny(
        "There is no tool 'pay_invoce'. Did you mean pay_invoice? The tools are: find_invoice, pay_invoice."
    )
    assert check_name(ToolCall("c1", "pay_invoice", {}), ["pay_invoice"]) is None


@given(st.text(st.characters()))
def test_no_name_breaks_the_check(name: str) -> None:
    deny = check_name(ToolCall("c1", name, {}), ["pay"])
    assert name == "pay" or (deny is not None and deny.reason.encode("utf-8"))


def test_a_rule_reads_the_arguments_with_their_defaults() -> None:
    schema: dict[str, JsonValue] = {"properties": {"amount": {"type": "number", "default": 1000}}}
    rule = Approval(when=lambda args: args["amount"] > 500, reason="big")  # type: ignore[operator]
    assert why_hold(ToolCall("c1", "pay", {}), rule, schema) == "big"
    assert why_hold(ToolCall("c1", "pay", {"amount": 1}), rule, schema) is None


def test_a_rule_that_fails_makes_the_call_wait() -> None:
    rule = Approval(when=lambda args: bool(args["missing"]))
    reason = why_hold(ToolCall("c1", "pay", {}), rule, {})
    assert reason is not None
    assert "approval rule failed with KeyError: 'missing'" in reason


@given(args=st.dictionaries(st.text(st.characters(), max_size=3), JSON, max_size=3))
def test_a_fingerprint_depends_on_name_and_arguments_only(args: dict[str, Any]) -> None:
    call = ToolCall("c1", "pay", args)
    reordered = dict(reversed(list(args.items())))
    assert call.fingerprint == ToolCall("c2", "pay", reordered).fingerprint
    assert call.fingerprint != ToolCall("c1", "pay2", args).fingerprint
    assert call.fingerprint != ToolCall("c1", "pay", args | {"extra-key": 1}).fingerprint
