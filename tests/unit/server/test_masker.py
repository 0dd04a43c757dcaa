"""The masker finds a secret in any writing, and what it masks stays as long and as valid as it was."""

from __future__ import annotations

import json
import logging
import pickle
import time
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import ormsgpack
import pytest
from grep import found_in
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast_server.masking.masker import Masker
from holdfast_server.masking.suspects import suspects

VALUE = 'p"ä\\s+s/w:ö@rd 1☃'
secret_texts = st.text(st.characters(codec="utf-8"), min_size=12, max_size=60)


def knowing(**values: str) -> Masker:
    masker = Masker()
    for name, value in values.items():
        masker.learn(name, value)
    return masker


@given(value=secret_texts, around=st.binary(max_size=5))
def test_no_writing_of_a_value_is_left_and_the_length_stays(value: str, around: bytes) -> None:
    # What repeats itself may be found again in its own mask.
    assume(len(set(value)) > 8)
    masker = knowing(A=value)
    written = [
        json.dumps({"a": value}),
        json.dumps([json.dumps(value)]),
        repr([value]),
        quote(value, safe="/"),
    ]
    encoded = [b64encode(around + value.encode()), urlsafe_b64encode(value.encode() + around)]
    for data in (value.encode() + around, *(text.encode() for text in written), *encoded):
        masked = masker.bytes(data)
        assert len(masked) == len(data)
        assert found_in(data, {"it": value}) == {"it"}
        assert found_in(masked, {"it": value}) == set()


def test_what_was_valid_stays_valid() -> None:
    masker = knowing(A=VALUE)
    state = {"a": VALUE, "list": [1, VALUE, {"deep": f"x{VALUE}y"}], "raw": VALUE.encode(), "n": 1.5}
    for dumps, loads in ((ormsgpack.packb, ormsgpack.unpackb), (pickle.dumps, pickle.loads)):
        read = loads(masker.bytes(dumps(state)))
        assert read["a"].startswith("[secret:A]*")
        assert (read["n"], read["list"][0], read.keys()) == (1.5, 1, state.keys())
    for plain in (True, False):
        document = json.dumps([json.dumps({"a": VALUE}, ensure_ascii=plain)], ensure_ascii=plain)
        assert "[secret:A]" in json.loads(json.loads(masker.text(document))[0])["a"]


def test_a_url_a_header_and_a_traceback_are_masked() -> None:
    masker = knowing(A=VALUE)
    assert "[secret:A]" in masker.text(f"https://host/?key={quote(VALUE, safe='')}")
    assert (
        masker.said("Authorization: Bearer abcdefghij and so on")
        == "Authorization: Bearer ********** and so on"
    )
    assert masker.said("{'authorization': 'abcdefghij'}") == "{'authorization': '**********'}"
    assert (
        masker.said("the bearer of bad news is basically fine") == "the bearer of bad news is basically fine"
    )
    assert masker.text("Bearer abcdefghij") == "Bearer abcdefghij"


def test_the_longest_of_several_secrets_wins() -> None:
    assert knowing(A="abcdefgh", B="abcdefghijkl").text("abcdefghijkl") == "[secret:B]**"


def test_every_value_that_ever_was_is_masked_up_to_sixteen() -> None:
    masker = Masker()
    for n in range(20):
        masker.learn("A", f"token-number-{n:03}")
    assert masker.text("token-number-003") == "token-number-003"
    assert masker.text("token-number-004") == masker.text("token-number-019") == "[secret:A]******"


@pytest.mark.parametrize("value", ["short", "postgres", "PASSWORD", ""])
def test_a_value_that_would_tear_ordinary_words_is_warned_about_by_name_once(
    value: str, caplog: pytest.LogCaptureFixture
) -> None:
    masker = knowing(THE_NAME=value)
    masker.learn("THE_NAME", value)
    assert masker.text("a short postgres PASSWORD") == "a short postgres PASSWORD"
    (record,) = caplog.records
    assert "THE_NAME" in record.getMessage()
    assert not value or value not in record.getMessage().replace("THE_NAME", "").replace("short or", "")


def test_keys_of_callers_keep_their_public_part_so_that_two_stay_two() -> None:
    secrets = ("a" * 43, "_" * 43)
    masked = {Masker().text(f"key hf_abcd{n}234_{secret} end") for n, secret in enumerate(secrets)}
    assert masked == {f"key hf_abcd{n}234_{'*' * 43} end" for n in range(2)}
    for other in ("hf_abcd1234_tooshort", f"hf_abcd1234_{'a' * 44}", f"xhf_abcd1234_{'a' * 43}"):
        assert Masker().text(other) == other


def test_nothing_known_changes_nothing() -> None:
    text, data = "some text", b"\x00\xff"
    assert Masker().text(text) is text
    assert Masker().bytes(data) is data
    assert knowing(A=VALUE).text(text) is text


def test_texts_that_are_no_unicode_are_masked_too() -> None:
    assert knowing(A="abcdefgh").text("\ud800abcdefgh") == "\ud800[secret:"


def test_what_an_environment_has_that_is_secret() -> None:
    found = dict(suspects({
        "OPENAI_API_KEY": "sk-1", "MY_TOKEN": "t", "DB_PASSWORD": "p", "CLIENT_SECRET": "s", 
        "GIT_CREDENTIALS": "c",
        "DATABASE_URL": "postgresql://user:p%40ss@host/db", "DSN": "host=h user=u password='it is'",
        "MAX_TOKENS": "100", "USE_KEY": "true", "KEY": "/etc/key.pem", "MONKEY": "banana", "PATH": "/bin",
        "SITE": "https://example.com/a:b@c", "SAME": "redis://holdfast:holdfast@host",
    }))  # fmt: skip
    assert {k: v for k, v in found.items() if k not in ("DATABASE_URL",)} == {
        "OPENAI_API_KEY": "sk-1", "MY_TOKEN": "t", "DB_PASSWORD": "p", "CLIENT_SECRET": "s", 
        "GIT_CREDENTIALS": "c",
        "DSN": "it is",
    }  # fmt: skip
    assert {v for k, v in suspects({"URL": "postgresql://user:p%40ss@host/db"})} == {"p%40ss", "p@ss"}


def test_a_record_of_the_log_is_masked_whoever_formats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from holdfast_server.masking import speech

    monkeypatch.setattr(speech, "MASKER", knowing(A="abcdefghijkl"))
    try:
        raise ValueError("abcdefghijkl")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = speech.MaskedRecord("n", logging.INFO, "f", 1, "it is %s", ({"a": "abcdefghijkl"},), info)
    shown = logging.Formatter("%(message)s").format(record)
    assert "abcdefghijkl" not in shown
    assert "ValueError: [secret:A]**" in shown


def test_json_stays_json_where_a_secret_is_json_or_a_number() -> None:
    document = {"kind": "account", "id": "proj", "key": "k3y-0f-th3-h0us3-1234"}
    account = json.dumps(document, separators=(",", ":"))
    masker = knowing(GCP=account, PIN="48291377", LIST="[123456,789]")
    for value in (
        {"out": document, "text": account, "twice": json.dumps(account)},
        {"key": document["key"]},
        {"amount": 48291377, "float": 48291377.5, "text": "pin 48291377"},
        {"list": [123456, 789], "text": "[123456,789]"},
    ):
        written = json.dumps(value, separators=(",", ":")).encode()
        masked = masker.bytes(written)
        assert (len(masked), json.loads(masked).keys()) == (len(written), value.keys())
        assert not any(word in masked for word in (b"k3y-0f", b"48291377", b"123456"))


def test_a_long_secret_is_learned_at_once_and_found_whole() -> None:
    long = "".join(f"{n:x}-" for n in range(20_000))
    began = time.monotonic()
    masker = knowing(LONG=long, PADDED="x" * 200_000)
    assert long[5_000:5_100] not in masker.text(f"a{long}b")
    # Looked for as one, the padded one alone took minutes.
    assert time.monotonic() - began < 20
    assert masker.text("x" * 1000) == "x" * 1000


def test_a_word_is_no_secret_because_its_name_ends_in_key() -> None:
    found = dict(suspects({"SORT_KEY": "created_at", "OPENAI_API_KEY": "words_only", "TOKEN_2": "abc-123"}))
    assert found == {"OPENAI_API_KEY": "words_only", "TOKEN_2": "abc-123"}
