"""The sealer gives back what it was given, and nothing that was changed, moved or never sealed."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.config.app import read_config
from holdfast_server.config.sealing import sealer_of
from holdfast_server.errors import ConfigError
from holdfast_server.sealing.errors import Tampered, UnknownKey
from holdfast_server.sealing.house import opened, seal_text, sealing_with
from holdfast_server.sealing.key import Key, new_key
from holdfast_server.sealing.matching import contains, order_of
from holdfast_server.sealing.sealer import MARK, Place, Sealer
from holdfast_server.secrets.errors import UnknownSecret
from holdfast_server.secrets.keys import sealer_for
from holdfast_server.secrets.secrets import Secrets

KEY, OTHER = Key.of(bytes(32)), Key.of(bytes(31) + b"\x01")
SEALER = Sealer(KEY)
LOOKS_SEALED = '{"$sealed":"deadbeef.AAAA"}'


@given(st.text(st.characters(exclude_categories=[])))
def test_a_text_comes_back(text: str) -> None:
    sealed = SEALER.seal_text(text)
    assert SEALER.open_value(sealed) == text
    assert text in ("{}", "[]", "null") or json.loads(str(sealed)).keys() == {MARK}


def test_json_comes_back_as_json_and_is_opened_once() -> None:
    value = {"a": [1, None, json.loads(LOOKS_SEALED)]}
    assert SEALER.open_value(json.loads(str(SEALER.seal_text(json.dumps(value))))) == value


def test_what_a_user_wrote_in_the_shape_of_a_seal_comes_back_as_it_was() -> None:
    assert SEALER.open_value(SEALER.seal_text(LOOKS_SEALED)) == LOOKS_SEALED
    assert Sealer().open_value(LOOKS_SEALED) == LOOKS_SEALED
    for value in ({"$sealed": 1}, {"$sealed": "x"}, {"$sealed": "deadbeef.AAAA", "b": 1}, '{"$sealed":"x"}'):
        assert SEALER.open_value(value) == value


def test_nothing_is_sealed_twice_the_same() -> None:
    assert SEALER.seal(b"x", Place.BLOB) != SEALER.seal(b"x", Place.BLOB)
    assert SEALER.seal(b"x", Place.BLOB)[:16] != Sealer(KEY).seal(b"x", Place.BLOB)[:16]


@pytest.mark.parametrize("position", [0, 20, 30, -1])
def test_a_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(SEALER.seal(b"hello", Place.BLOB))
    sealed[position] ^= 1
    with pytest.raises(Tampered, match=KEY.id):
        SEALER.open(KEY.id, bytes(sealed), Place.BLOB)


def test_what_is_cut_or_moved_to_another_kind_of_place_is_noticed() -> None:
    sealed = SEALER.seal(b"hello", Place.BLOB)
    for wrong, place in ((sealed[:10], Place.BLOB), (b"", Place.BLOB), (sealed, Place.TEXT)):
        with pytest.raises(Tampered):
            SEALER.open(KEY.id, wrong, place)
    with pytest.raises(Tampered):
        SEALER.open_value(f'{{"$sealed":"{KEY.id}.not base64"}}')


def test_an_old_key_opens_and_an_unknown_one_is_named() -> None:
    sealed = SEALER.seal_text("hello")
    assert Sealer(OTHER, [KEY]).open_value(sealed) == "hello"
    assert Sealer(None, [KEY]).open_value(sealed) == "hello"
    assert Sealer(None, [KEY]).seal_text("hello") == "hello"
    with pytest.raises(UnknownKey, match=f"key {KEY.id}"):
        Sealer(OTHER).open_value(sealed)


def test_a_key_is_read_in_every_form_and_shown_in_none() -> None:
    secret = os.urandom(32)
    forms = [
        secret.hex(),
        base64.b64encode(secret).decode(),
        base64.urlsafe_b64encode(secret).decode() + "\n",
    ]
    assert {Key.read("K", form) for form in forms} == {Key.of(secret)}
    assert secret.hex() not in repr(Key.of(secret))
    assert repr(secret) not in repr(Key.of(secret))
    assert Key.read("K", new_key()) != Key.read("K", new_key())
    for wrong in ("", "abc", secret.hex()[:-2], "z" * 64, base64.b64encode(secret[:16]).decode()):
        with pytest.raises(ConfigError, match=r"K holds no key.*32 bytes") as error:
            Key.read("K", wrong)
        assert not wrong or wrong not in str(error.value)


def config_with(folder: Path, sealing: Any, **more: Any) -> Path:
    path = folder / "langgraph.json"
    path.write_text(json.dumps({"graphs": {"a": "./a.py:g"}, "holdfast": {"sealing": sealing}, **more}))
    return path


def test_the_section_names_keys_by_reference(tmp_path: Path) -> None:
    sealing = {"key": "secret:NEW", "old_keys": ["secret:OLD"]}
    config = read_config(config_with(tmp_path, sealing))
    environment = {"NEW": KEY.secret.hex(), "OLD": OTHER.secret.hex()}
    made = sealer_of(config.house.sealing, environment.__getitem__)
    assert (made.key_id, set(made.key_ids)) == (KEY.id, {KEY.id, OTHER.id})
    with pytest.raises(ConfigError, match=r'"holdfast\.sealing": secret:OLD is not known'):
        sealer_for(config)
    config_with(tmp_path, {"key": "secret:NEW", "keys": 1})
    assert read_config(tmp_path / "langgraph.json").unknown_keys == ("holdfast.sealing.keys",)


@pytest.mark.parametrize(
    "sealing",
    [
        {},
        {"key": "swordfish"},
        {"key": "secret:"},
        {"key": 7},
        {"old_keys": "secret:X"},
        [],
        {"old_keys": [1]},
    ],
)
def test_a_wrong_section_is_refused_without_repeating_it(tmp_path: Path, sealing: Any) -> None:
    with pytest.raises(ConfigError, match=r"holdfast\.sealing") as error:
        read_config(config_with(tmp_path, sealing))
    assert "swordfish" not in str(error.value)


def test_embeddings_and_sealing_exclude_each_other(tmp_path: Path) -> None:
    index = {"index": {"dims": 3, "embed": "./e.py:embed"}}
    with pytest.raises(ConfigError, match=r"store\.index.*holdfast\.sealing.*embeddings"):
        read_config(config_with(tmp_path, {"key": "secret:K"}, store=index))


def test_a_sealer_is_of_the_process() -> None:
    with sealing_with(SEALER):
        assert seal_text("x") != "x"
        assert opened(seal_text("x")) == "x"
    assert seal_text("x") == "x"


def test_containment_and_order_are_those_of_json() -> None:
    assert contains({"a": [1, {"b": 2, "c": 3}]}, {"a": [{"b": 2}]})
    assert contains({"a": 1.0}, {"a": 1})
    assert not contains({"a": True}, {"a": 1})
    assert not contains({"a": 1}, {"a": [1]})
    assert (order_of(1, 2), order_of("b", "a"), order_of([1], [2, 3])) == (-1, 1, -1)
    assert order_of(1, "a") is None
    assert order_of(True, 0) is None


def test_no_run_is_given_a_key_of_the_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_SECRET_NEW", KEY.secret.hex())
    monkeypatch.setenv("HOLDFAST_SECRET_OLD", OTHER.secret.hex())
    config = read_config(config_with(tmp_path, {"key": "secret:NEW", "old_keys": ["secret:OLD"]}))
    assert sealer_for(config).key_id == KEY.id
    for name in ("NEW", "OLD"):
        with pytest.raises(UnknownSecret, match="a key of the house"):
            Secrets.of(config).get_now("default", name)
