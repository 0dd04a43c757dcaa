"""Names that credentials bring along: tenants, users, roles, and keys themselves."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from holdfast_server.access.claims import claim, granted, name_of, words
from holdfast_server.access.key_text import NewKey, hashed, looks_like_key, prefix_in
from holdfast_server.access.tenant import tenant_named
from holdfast_server.duration import duration_of


@pytest.mark.parametrize("name", ["default", "a", "7", "acme.eu", "a_b-c@d:e", "x" * 128])
def test_a_tenant_is_named_by_letters_digits_and_a_few_signs(name: str) -> None:
    assert tenant_named(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", "-a", ".a", "a b", "a/b", "a\n", "a\0", "é", "a'b", "x" * 129, "x" * 9999, None, 5]
)
def test_nothing_else_names_a_tenant(name: object) -> None:
    with pytest.raises(ValueError, match="is no name of a tenant") as refused:
        tenant_named(name)
    assert len(str(refused.value)) < 200


def test_a_claim_is_found_by_its_path_or_its_whole_name() -> None:
    claims = {"a": {"b": {"c": 1}}, "https://app.example/roles": 2, "cognito:groups": 3, "a.b": 4, "n": None}
    assert [claim(claims, path) for path in ("a.b.c", "https://app.example/roles", "cognito:groups")] == [
        1,
        2,
        3,
    ]
    assert claim(claims, "a.b") == 4
    assert [claim(claims, path) for path in ("a.x", "a.b.c.d", "n.m", "zz", "")] == [None] * 5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("admin", {"admin"}),
        ("a b", {"a b", "a", "b"}),
        (["a", 5, None, "b"], {"a", "b"}),
        (None, set()),
        (True, set()),
        ({"admin": True}, set()),
    ],
)
def test_roles_are_texts(value: Any, expected: set[str]) -> None:
    assert words(value) == expected


def test_only_named_values_grant() -> None:
    assert granted({"hf-admins", "admin"}, {"hf-admins": "admin"}) == {"admin"}
    assert granted({"admin"}, {"hf-admins": "admin"}) == set()


def test_a_name_can_be_kept_and_shown() -> None:
    assert [name_of(value) for value in ("ada", 7, "key:ci")] == ["ada", "7", "key:ci"]
    for useless in ("", " ", "a\0", "a\nb", "x" * 256, None, True, 1.5, ["a"]):
        assert name_of(useless) is None


def test_a_key_is_random_enough_and_says_what_it_is() -> None:
    key = NewKey.drawn()
    assert looks_like_key(key.text)
    assert key.text.startswith(key.prefix + "_")
    assert len(key.text) == 55
    assert 43 * math.log2(62) >= 256
    assert key.text not in repr(key)
    assert len({NewKey.drawn().text for _ in range(100)}) == 100
    # What Hugging Face calls a key goes to whoever knows it.
    assert not looks_like_key("hf_" + "a" * 34)
    assert hashed("\udcff") != hashed("é")


def test_a_key_is_named_by_any_part_that_a_person_has() -> None:
    key = NewKey.drawn()
    for named in (key.prefix, key.prefix[3:], key.text):
        assert prefix_in(named) == key.prefix
    assert prefix_in("01a1ff3e-89ee-7325-9ef0-2d6feeb16b64") == "01a1ff3e-89ee-7325-9ef0-2d6feeb16b64"


def test_a_time_is_written_with_its_unit() -> None:
    assert duration_of("90d") == timedelta(days=90)
    assert duration_of("2w") == timedelta(days=14)
    assert duration_of("0s") == timedelta(0)
    for useless in ("", "90", "d", "-1d", "1.5h", "1y", "999999999d", "９d"):
        with pytest.raises(ValueError, match=useless or "is no time"):
            duration_of(useless)
