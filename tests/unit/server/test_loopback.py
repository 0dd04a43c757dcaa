"""A server says so when others than this machine can reach it."""

from __future__ import annotations

import pytest

from holdfast_server.config.entrance import is_loopback
from holdfast_server.errors import ConfigError


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_loopback_is_told_from_everything_else_in_both_families(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_host_that_is_no_address_is_an_error_of_one_line() -> None:
    with pytest.raises(ConfigError, match="correct --host"):
        is_loopback("no address at all")
