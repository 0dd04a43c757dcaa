"""Needles: the forms in which one secret value may turn up, each with a mask of exactly its length."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

# Shorter forms of a value turn up by chance.
_SHORTEST_FORM = 8
# A line of a value of many lines, such as a private key, is as secret as the whole.
_SHORTEST_LINE = 16
_UNSPEAKABLE = re.compile(r"[^A-Za-z0-9_.:-]")


def needles(name: str, value: str) -> dict[bytes, bytes]:
    """The forms of a value and what stands in their place: as many bytes, and as valid where they stand."""
    raw = value.encode("utf-8", "surrogatepass")
    label = f"[secret:{_UNSPEAKABLE.sub('_', name)}]".encode()
    found = {form: _fitted(label, form) for form in _written(value)}
    for line in _lines(value):
        found.setdefault(line, _fitted(label, line))
    for form in _in_base64(raw):
        # Of base64's own letters: whoever decodes it gets other bytes, and no error.
        found.setdefault(form, (b"MASKED" * (len(form) // 6 + 1))[: len(form)])
    for form in (raw.hex().encode(), raw.hex().upper().encode()):
        if len(form) >= 2 * _SHORTEST_FORM:
            found.setdefault(form, b"0" * len(form))
    return found


def _fitted(label: bytes, form: bytes) -> bytes:
    return label.ljust(len(form), b"*")[: len(form)]


def _written(value: str) -> set[bytes]:
    """As it is, as JSON writes it (once, and as JSON within JSON), as Python, URLs and HTML write it."""
    forms = {value, repr(value)[1:-1], quote(value), quote(value, safe=""), quote_plus(value)}
    forms |= {html.escape(value), repr(value.encode("utf-8", "surrogatepass"))[2:-1]}
    for _ in range(2):
        forms |= {json.dumps(form, ensure_ascii=plain)[1:-1] for form in forms for plain in (True, False)}
    return {form.encode("utf-8", "surrogatepass") for form in forms}


def _lines(value: str) -> Iterator[bytes]:
    lines = [line.strip() for line in value.splitlines()]
    for line in lines if len(lines) > 1 else ():
        if len(line) >= _SHORTEST_LINE and not line.startswith("-----"):
            yield line.encode("utf-8", "surrogatepass")


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """What does not depend on the bytes around it, at each of the three offsets and in both alphabets."""
    for offset in range(3):
        whole = (offset + len(raw)) * 8 // 6
        begun = (offset * 8 + 5) // 6
        text = b64encode(bytes(offset) + raw)[begun:whole]
        if len(text) >= _SHORTEST_FORM:
            yield text
            yield text.replace(b"+", b"-").replace(b"/", b"_")
