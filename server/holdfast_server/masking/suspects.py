"""Suspects: what of an environment is secret by its name, and the passwords in URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

_SECRET_NAME = re.compile(
    r"(^|_)(API_?KEY|KEY|KEYS|TOKEN|SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|CREDENTIALS?|PRIVATE)(_?\d+)?$"
    r"|SECRET_|PRIVATE_KEY|PASSWORD_|APIKEY$|PGPASSWORD$",
    re.IGNORECASE,
)
# A number, a switch or the place of a file is no secret, whatever its name.
_HARMLESS = re.compile(
    r"[\d.,:_-]*|true|false|yes|no|on|off|none|null|~?/[^\s]*|[A-Za-z]:\\[^\s]*", re.IGNORECASE
)
# `SORT_KEY=created_at` names a column: where the name alone says "key", words are none.
_MERE_KEY = re.compile(r"(?<!API_)(?<!PRIVATE_)(?<!SECRET_)(?<!ACCESS_)KEYS?$", re.IGNORECASE)
_WORDS = re.compile(r"[A-Za-z]+(?:[_.-][A-Za-z]+)*")
_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://([^\s/@:]*):([^\s@]+)@([^\s/?#]*)", re.IGNORECASE)
_KEYWORD = re.compile(r"\bpassword\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s';]+))", re.IGNORECASE)


def suspects(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names and values that must be taken for secret."""
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and not _is_harmless(name, value):
            yield name, value.strip()
        for password in passwords(value):
            yield name, password


def _is_harmless(name: str, value: str) -> bool:
    return bool(_HARMLESS.fullmatch(value) or (_MERE_KEY.search(name) and _WORDS.fullmatch(value)))


def passwords(text: str) -> Iterator[str]:
    """The passwords in the URLs or connection strings of a text, as written and as meant.

    A password that is also the user's name is none that could be masked without tearing that name.
    """
    for user, password, _ in _PASSWORD.findall(text):
        if password != user:
            yield from {password, unquote(password)}
    for quoted, bare in _KEYWORD.findall(text):
        yield quoted or bare
