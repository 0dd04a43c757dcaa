"""Roles: ours, and those of langgraph.json."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.access.permissions import (
    EVERYTHING,
    ROLES,
    Permission,
    custom_roles,
    ordered,
    permissions_of,
)
from holdfast_server.errors import ConfigError


def test_a_role_of_ones_own_is_a_list_of_permissions() -> None:
    roles = custom_roles({"night-shift": ["runs.read", "runs.cancel"], "reader": ["*.read"], "any": ["*"]})
    assert roles["night-shift"] == {"runs.read", "runs.cancel"}
    assert roles["reader"] == {one for one in EVERYTHING if one.endswith(".read")}
    assert roles["any"] == EVERYTHING
    assert custom_roles({"r": ["runs.*"]})["r"] == {one for one in EVERYTHING if one.startswith("runs.")}
    assert custom_roles(None) == {}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (["viewer"], "must be an object"),
        ({"Admin": ["*"]}, "'Admin', which is a role of Holdfast (viewer, operator"),
        ({"viewer": ["runs.read"]}, "choose another name"),
        ({" night": ["runs.read"]}, "without spaces around it"),
        ({"": ["runs.read"]}, "give it a name"),
        ({"two\nlines": ["runs.read"]}, "give it a name"),
        ({"r": []}, '"holdfast.access.roles.r" is []; it must be a list'),
        ({"r": "runs.read"}, "must be a list"),
        ({"r": [1]}, "must be a list"),
        ({"r": None}, "must be a list"),
        ({"r": ["runs.canel"]}, "'runs.canel', which is no permission; did you mean runs.cancel"),
        ({"r": ["run*"]}, "is no permission"),
        ({"r": ["runs.*.*"]}, "is no permission. There are: approvals.decide, "),
        ({"r": [""]}, "is no permission"),
        ({"r": ["runs.read "]}, "did you mean runs.read"),
    ],
)
def test_what_is_no_role_is_refused_with_the_mend(value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        custom_roles(value)
    assert sentence in str(refused.value)


@given(st.text(alphabet="*.runsedlt", max_size=12))
def test_a_pattern_grants_no_more_than_it_says(pattern: str) -> None:
    try:
        granted = custom_roles({"r": [pattern]})["r"]
    except ConfigError:
        return
    parts = pattern.split(".")
    for permission in granted:
        assert pattern == "*" or all(p in ("*", h) for p, h in zip(parts, permission.split("."), strict=True))


def test_roles_add_up_and_an_unknown_one_grants_nothing() -> None:
    both = permissions_of(["viewer", "night", "stranger"], {"night": frozenset({"runs.cancel"})})
    assert both == ROLES["viewer"] | {"runs.cancel"}
    assert permissions_of(["stranger"]) == frozenset()
    assert permissions_of(["viewer"], {"viewer": EVERYTHING}) == ROLES["viewer"]


def test_no_role_reaches_further_than_its_work() -> None:
    writes = {one for one in EVERYTHING if not one.endswith(".read")}
    assert ROLES["viewer"] & writes == set()
    assert ROLES["auditor"] == EVERYTHING - writes
    assert ROLES["approver"] & writes == {"approvals.decide"}
    assert ROLES["operator"] & writes == {"runs.cancel", "runs.redrive", "crons.pause"}
    assert EVERYTHING - ROLES["developer"] == {"audit.read", "keys.manage"}
    assert ROLES["admin"] == EVERYTHING


def test_permissions_are_shown_in_one_order() -> None:
    assert ordered(frozenset(EVERYTHING)) == list(get_args(Permission))
