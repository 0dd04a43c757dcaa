"""Frames of the event stream, and positions in it."""

from __future__ import annotations

import pytest

from holdfast_server.api.sse import frame, position_of

NEVER = 2**62


def test_a_frame_is_event_data_id_with_crlf() -> None:
    assert frame("values", '{"a":1}', "5-7") == b'event: values\r\ndata: {"a":1}\r\nid: 5-7\r\n\r\n'
    assert frame("values", "{}") == b"event: values\r\ndata: {}\r\n\r\n"


@pytest.mark.parametrize("text", ["-1", "0", "-", "", " 0 "])
def test_the_beginning_has_several_names(text: str) -> None:
    assert position_of(text) == 0


@pytest.mark.parametrize(
    ("text", "position"),
    [
        (None, None), ("1795230447239-42", 42), ("42", 42), ("nonsense", NEVER), ("1-x", NEVER),
        ("1-²", NEVER), ("1-" + "9" * 40, NEVER), ("--", NEVER),
    ],
)  # fmt: skip
def test_a_position_is_the_number_of_the_event_or_the_end_of_time(
    text: str | None, position: int | None
) -> None:
    assert position_of(text) == position
