"""What a model says in pieces is masked as if it had said it at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk

from holdfast_server.masking.masker import MASKER
from holdfast_server.runs.unbroken import Unbroken

SECRET = "sk-sk-live-0123456789"
MASK = "[secret:KEY]*********"


@pytest.fixture(autouse=True, scope="module")
def known() -> Iterator[None]:
    """One secret is known."""
    MASKER.learn("KEY", SECRET)
    yield
    MASKER.forget()


def chunks(pieces: list[str], *, field: str = "content", last: bool = True) -> list[Any]:
    """A message in pieces, in its content or in the arguments of its call."""
    said: list[dict[str, Any]] = [{field: piece} for piece in pieces]
    if field == "args":
        said = [
            {"content": "", "tool_call_chunks": [{"name": None, "id": None, "index": 0, "args": piece}]}
            for piece in pieces
        ]
    if last:
        said.append({"content": "", "chunk_position": "last"})
    return [((), "messages", (AIMessageChunk(id="m", **one), {})) for one in said]


def told(parts: list[Any]) -> list[AIMessageChunk]:
    unbroken = Unbroken()
    passed = [out for part in parts for out in unbroken.parts(part)] + unbroken.rest()
    return [message for _, _, (message, _) in passed]


cuts = st.lists(st.integers(0, 60), max_size=12).map(sorted)


def cut(text: str, at: list[int]) -> list[str]:
    return [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]


@given(
    at=cuts, end=st.sampled_from(["", " and so on", "s", "sk-sk-live-012345678", "sk-"]), last=st.booleans()
)
def test_wherever_it_is_cut_the_message_is_the_same_and_masked(at: list[int], end: str, last: bool) -> None:
    text = f"it is {SECRET} and {SECRET}s{end}"
    messages = told(chunks(cut(text, at), last=last))
    assert "".join(str(m.content) for m in messages) == text.replace(SECRET, MASK)


@given(at=cuts)
def test_arguments_of_a_call_are_masked_and_parsed_as_they_were(at: list[int]) -> None:
    messages = told(chunks(cut('{"key": "' + SECRET + '", "n": 1}', at), field="args"))
    whole = messages[0]
    for message in messages[1:]:
        whole = whole + message
    assert whole.tool_call_chunks[0]["args"] == '{"key": "' + MASK + '", "n": 1}'
    assert all(SECRET[:4] not in str(m.tool_calls) for m in messages)


@given(at=cuts)
def test_deltas_of_the_protocol_are_masked_before_their_block_ends(at: list[int]) -> None:
    unbroken, events = Unbroken(), []
    pieces = cut(f"it is {SECRET} and sk-sk", at)
    deltas = [
        {"event": "content-block-delta", "index": 1, "delta": {"type": "text-delta", "text": piece}}
        for piece in pieces
    ]
    for event in [*deltas, {"event": "content-block-finish", "index": 1}]:
        events += unbroken.parts(((), "messages", (event, {"run_id": "r"})))
    said = [event["delta"]["text"] for _, _, (event, _) in events[:-1]]
    assert "".join(said) == f"it is {MASK} and sk-sk"


def test_blocks_of_content_are_masked_each_by_itself() -> None:
    blocks = [
        {"type": "text", "text": text, "index": n} for text in ("sk-sk-live", "-0123456789") for n in (0, 1)
    ]
    parts: list[Any] = [((), "messages", (AIMessageChunk(id="m", content=[block]), {})) for block in blocks]
    messages = told([*parts, *chunks([], last=True)])
    assert [b["text"] for m in messages for b in m.content if isinstance(b, dict)] == ["", "", MASK, MASK]


def test_the_last_words_come_also_when_nobody_says_that_they_are_the_last() -> None:
    assert [m.content for m in told(chunks(["yes"], last=False))] == ["ye", "s"]
