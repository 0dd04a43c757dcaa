"""Who is believed about where a request comes from."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from unit.server.asgi import ask, mirror, told

from holdfast_server.api.proxies import Proxied

APP = Proxied(mirror, [ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:5555", "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::1]:5555", "2001:db8::1"),
        ("10.0.0.1", "1.1.1.1, nonsense", "10.0.0.1"),
        ("10.0.0.1", "1.1.1.1, nonsense, 10.0.0.7", "10.0.0.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("fd00::1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
    ],
)
async def test_the_client_is_the_first_from_the_end_that_is_no_trusted_proxy(
    peer: str, said: str, client: str
) -> None:
    assert told(await ask(APP, {"x-forwarded-for": said}, client=peer))["client"] == client


async def test_lines_that_a_client_wrote_stand_before_those_of_the_proxy() -> None:
    lines = [("x-forwarded-for", "9.9.9.9"), ("x-forwarded-for", "203.0.113.9")]
    assert told(await ask(APP, lines, client="10.0.0.1"))["client"] == "203.0.113.9"


async def test_scheme_and_host_are_believed_from_a_trusted_proxy_only() -> None:
    said = {"x-forwarded-proto": "https", "x-forwarded-host": "agents.example.com"}
    seen = told(await ask(APP, said, client="10.0.0.1"))
    assert (seen["scheme"], seen["base"]) == ("https", "https://agents.example.com/")
    seen = told(await ask(APP, said, client="127.0.0.1"))
    assert (seen["scheme"], seen["base"]) == ("http", "http://127.0.0.1:2024/")


@pytest.mark.parametrize("host", ["evil.example/path", "a b", "x@y", "", "good.example, a b"])
async def test_a_host_that_is_none_changes_nothing(host: str) -> None:
    seen = told(await ask(APP, {"x-forwarded-host": host.strip()}, client="10.0.0.1"))
    assert seen["base"] == "http://127.0.0.1:2024/"
