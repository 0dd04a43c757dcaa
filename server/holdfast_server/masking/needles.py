"""Needles: the forms in which one secret value may turn up, each with a mask of exactly its length."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import quote, quote_plus

# Shorter forms of a value turn up by chance.
_SHORTEST_FORM = 8
# A line of a value of many lines, such as a private key, is as secret as the whole.
_SHORTEST_LINE = 16
# Longer forms are looked for in parts of this length, if they have so many different bytes.
_LONGEST, _LIVELY = 512, 8
# A text in a secret that is JSON, such as the private key of a service account.
_SHORTEST_LEAF = 20
# Numbers, and what is made of them alone: they stand in JSON outside of texts too.
_NUMBERS = re.compile(rb"[\d\s.,:+-]*\d[\d\s.,:+\[\]-]*|\[[\d\s.,+\[\]-]*\]|[+-]?\d[\d.]*[eE][+-]?\d+")
# Inside of a text of JSON every quote has a backslash before it.
_OPEN_QUOTE = re.compile(rb'(?<!\\)"')
_WORDS = re.compile(r"[A-Za-z]+(?:[ _.-][A-Za-z]+)*")
_UNSPEAKABLE = re.compile(r"[^A-Za-z0-9_.:-]")


def needles(name: str, value: str) -> dict[bytes, bytes]:
    """The forms of a value and what stands in their place: as many bytes, and as valid where they stand."""
    raw = value.encode("utf-8", "surrogatepass")
    label = f"[secret:{_UNSPEAKABLE.sub('_', name)}]".encode()
    found = {form: _fitted(label, form) for form in _written(value)}
    for part in (*_lines(value), *_leaves(value)):
        found.setdefault(part, _fitted(label, part))
    for form in _in_base64(raw):
        # Of base64's own letters: whoever decodes it gets other bytes, and no error.
        found.setdefault(form, (b"MASKED" * (len(form) // 6 + 1))[: len(form)])
    for form in (raw.hex().encode(), raw.hex().upper().encode()):
        if len(form) >= 2 * _SHORTEST_FORM:
            found.setdefault(form, b"0" * len(form))
    return {piece: mask for form, whole in found.items() for piece, mask in _pieces(form, whole)}


def _fitted(label: bytes, form: bytes) -> bytes:
    """The label at the length of a form; a number where the form is one, a JSON text where it is JSON."""
    if _NUMBERS.fullmatch(form):
        return re.sub(rb"\d", b"1", form)
    if form[:1] + form[-1:] in (b"{}", b"[]") and _OPEN_QUOTE.search(form):
        return b'"' + label.ljust(len(form), b"*")[: len(form) - 2] + b'"'
    return label.ljust(len(form), b"*")[: len(form)]


def _pieces(form: bytes, mask: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A long form in parts, each looked for by itself: what repeats itself would take minutes to prepare."""
    if len(form) < 2 * _LONGEST:
        yield form, mask
        return
    cuts = [*range(0, len(form) - _LONGEST, _LONGEST), len(form)]
    for start, end in pairwise(cuts):
        # Zeros and blanks are no part of a secret, and stand everywhere.
        if len(set(form[start:end])) >= _LIVELY:
            yield form[start:end], mask[start:end]


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


def _leaves(value: str) -> Iterator[bytes]:
    """The texts inside a value that is JSON; words, addresses and short ones are no secrets."""
    try:
        document = json.loads(value) if value.lstrip()[:1] in ("{", "[") else None
    except ValueError:
        return
    waiting = [document]
    while waiting:
        match waiting.pop():
            case dict() as parts:
                waiting += parts.values()
            case list() as parts:
                waiting += parts
            case str() as text if len(text) >= _SHORTEST_LEAF and not _is_harmless(text):
                yield from _written(text)
                yield from _lines(text)


def _is_harmless(text: str) -> bool:
    return bool(_WORDS.fullmatch(text)) or text.startswith(("http://", "https://")) or "@" in text


def _in_base64(raw: bytes) -> Iterator[bytes]:
    """What does not depend on the bytes around it, at each of the three offsets and in both alphabets."""
    for offset in range(3):
        whole = (offset + len(raw)) * 8 // 6
        begun = (offset * 8 + 5) // 6
        text = b64encode(bytes(offset) + raw)[begun:whole]
        if len(text) >= _SHORTEST_FORM:
            yield text
            yield text.replace(b"+", b"-").replace(b"/", b"_")
