"""The section `holdfast.http` of langgraph.json: what it says, and what is wrong with it."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from holdfast_server.config.door import DoorConfig, Rate
from holdfast_server.config.house import read_house
from holdfast_server.errors import ConfigError
from holdfast_server.listening import Listening

PATH = Path("langgraph.json")


def door(http: dict[str, Any]) -> DoorConfig:
    return read_house(PATH, {"http": http}).door


def test_nothing_said_means_no_limit_but_one_on_guesses() -> None:
    assert read_house(PATH, None).door == DoorConfig()
    assert door({}) == DoorConfig()
    assert door({}).failed_logins == Rate(30, 60)


def test_everything_is_read() -> None:
    read = door({
        "rate_limit": "600/minute", "failed_logins": None, "trusted_proxies": ["10.0.0.0/8", "::1"],
        "allowed_hosts": ["Agents.example.com", "*.dev.example"],
        "headers": {"X-Frame-Options": "SAMEORIGIN", "referrer-policy": None},
    })  # fmt: skip
    assert (read.rate_limit, read.failed_logins) == (Rate(600, 60), None)
    assert read.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert read.allowed_hosts == ("agents.example.com", "*.dev.example")
    assert read.headers == {"x-frame-options": "SAMEORIGIN", "referrer-policy": ""}


@pytest.mark.parametrize(
    ("http", "hint"),
    [
        ({"rate_limits": "1/minute"}, "means nothing"),
        ({"rate_limit": 600}, "600/minute"),
        ({"rate_limit": "0/minute"}, "600/minute"),
        ({"rate_limit": "5/fortnight"}, "600/minute"),
        ({"trusted_proxies": ["*"]}, "10.0.0.0/8"),
        ({"trusted_proxies": ["0.0.0.0/0"]}, "everybody"),
        ({"trusted_proxies": ["10.0.0.1/8"]}, "host bits"),
        ({"trusted_proxies": ["my-proxy"]}, "10.0.0.0/8"),
        ({"allowed_hosts": ["https://x.example"]}, "without scheme"),
        ({"allowed_hosts": ["x.example:80"]}, "without scheme"),
        ({"allowed_hosts": ["*"]}, "without scheme"),
        ({"headers": {"x-a": "b\r\nset-cookie: c"}}, "printable"),
        ({"headers": {"Content-Length": "1"}}, "cannot be set here"),
        ({"headers": {"x a": "1"}}, "cannot be set here"),
    ],
)
def test_what_is_wrong_is_named_with_its_mend(http: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConfigError, match=r"holdfast\.http") as raised:
        door(http)
    assert hint in str(raised.value)


def test_a_certificate_and_its_key_come_together_and_a_proxy_is_an_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="both --tls-cert and --tls-key"):
        Listening.of("127.0.0.1", 1, tls_cert=tmp_path, tls_key=None, trusted_proxies=())
    with pytest.raises(ConfigError, match="--trusted-proxy"):
        Listening.of("127.0.0.1", 1, tls_cert=None, tls_key=None, trusted_proxies=("everybody",))
