"""Where webhooks may go, and what langgraph.json may say about it."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast_server.config.webhooks import UrlPolicy, Webhooks, webhooks_of
from holdfast_server.errors import ConfigError
from holdfast_server.runs.destination import DestinationRefused, checked_destination

PUBLIC = "93.184.216.34"


async def goes(url: str, policy: UrlPolicy | None = None, *addresses: str) -> str | None:
    """Why a URL is refused, None when it is not; its host has these addresses."""

    async def look_up(host: str, port: int) -> list[str]:
        return list(addresses or [PUBLIC])

    try:
        await checked_destination(url, policy or UrlPolicy(), resolver=look_up)
    except DestinationRefused as refusal:
        return str(refusal)
    return None


@pytest.mark.parametrize(
    ("address", "closed", "opened"),
    [
        (PUBLIC, None, None), ("2606:2800:220:1::1", None, None),
        ("127.0.0.1", "loopback", None), ("127.8.8.8", "loopback", None), ("::1", "loopback", None),
        ("::ffff:127.0.0.1", "loopback", None), ("64:ff9b::7f00:1", "loopback", None),
        ("2002:7f00:1::", "loopback", None), ("10.0.0.1", "private", None), ("172.16.0.1", "private", None),
        ("192.168.1.1", "private", None), ("100.64.0.1", "private", None), ("fd00::1", "private", None),
        ("::ffff:10.0.0.1", "private", None),
        ("169.254.169.254", "link-local", "link-local"), ("fe80::1%eth0", "link-local", "link-local"),
        ("::ffff:169.254.169.254", "link-local", "link-local"), ("0.0.0.0", "reserved", "reserved"),
        ("::", "reserved", "reserved"), ("224.0.0.1", "reserved", "reserved"),
        ("ff02::1", "reserved", "reserved"), ("240.0.0.1", "reserved", "reserved"),
        ("255.255.255.255", "reserved", "reserved"),
    ],
)  # fmt: skip
async def test_addresses_are_open_closed_or_closed_for_ever(
    address: str, closed: str | None, opened: str | None
) -> None:
    for policy, kind in ((UrlPolicy(), closed), (UrlPolicy(disable_loopback=False), opened)):
        expected = None if kind is None else f"Webhook host blocked: {kind} IP range"
        assert await goes("https://a.example/", policy, address) == expected
        assert await goes("https://a.example/", policy, PUBLIC, address) == expected


@pytest.mark.parametrize(
    ("url", "policy", "words"),
    [
        ("http://a.example/", UrlPolicy(require_https=True), "https"),
        ("https://a.example/", UrlPolicy(require_https=True), None),
        ("https://a.example/", UrlPolicy(allowed_domains=("a.example",)), None),
        ("https://A.Example./", UrlPolicy(allowed_domains=("a.example",)), None),
        ("https://b.a.example/", UrlPolicy(allowed_domains=("a.example",)), "domains"),
        ("https://b.a.example/", UrlPolicy(allowed_domains=("*.a.example",)), None),
        ("https://a.example/", UrlPolicy(allowed_domains=("*.a.example",)), "domains"),
        ("https://evila.example/", UrlPolicy(allowed_domains=("*.a.example", "a.example")), "domains"),
        ("https://a.example@evil.example/", UrlPolicy(allowed_domains=("a.example",)), "domains"),
        ("https://a.example/", UrlPolicy(allowed_ports=(443,)), None),
        ("https://a.example:8443/", UrlPolicy(allowed_ports=(443,)), "8443"),
        ("http://a.example/", UrlPolicy(allowed_ports=(443,)), "80"),
        ("https://a.example/" + "x" * 40, UrlPolicy(max_url_length=40), "characters"),
        ("https://a.example:0/", UrlPolicy(), "port 0"),
        ("https://a.example:65536/", UrlPolicy(), "port 65536"),
        ("//a.example/", UrlPolicy(), "start with http"),
        ("/path", UrlPolicy(disable_loopback=False), "relative"),
        ("file:///etc/passwd", UrlPolicy(), "start with http"),
        ("https://xn--/", UrlPolicy(), "read"),
    ],
)  # fmt: skip
async def test_the_rules_of_a_policy_hold(url: str, policy: UrlPolicy, words: str | None) -> None:
    refusal = await goes(url, policy)
    assert (refusal is None) is (words is None), refusal
    assert (words or "") in (refusal or "")


async def test_a_host_without_an_address_is_refused() -> None:
    async def nothing(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(DestinationRefused, match=r"'a\.example' does not resolve"):
        await checked_destination("https://a.example/", UrlPolicy(), resolver=nothing)


def test_without_a_word_http_is_allowed_and_with_a_policy_it_is_not() -> None:
    assert webhooks_of("f", {}) == Webhooks()
    assert webhooks_of("f", {"headers": {}}).url.require_https is False
    assert webhooks_of("f", {"url": {}}).url.require_https is True
    policy = webhooks_of("f", {"url": {"require_https": False, "allowed_domains": ["*.Acme.com."]}}).url
    assert (policy.require_https, policy.allowed_domains, policy.disable_loopback) == (
        False,
        ("*.acme.com",),
        True,
    )


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "webhooks"), ({"urls": {}}, "urls"), ({"url": {"require_http": True}}, "require_http"),
        ({"url": {"require_https": "yes"}}, "true or false"), ({"url": {"allowed_domains": "a.com"}}, "list"),
        ({"url": {"allowed_ports": ["443"]}}, "list"), ({"url": {"allowed_ports": [True]}}, "list"),
        ({"url": {"max_url_length": 0}}, "at least 1"), ({"url": 7}, "object"), ({"headers": "x"}, "object"),
        ({"headers": {"X": 1}}, "string"), ({"headers": {"a b": "x"}}, "no header"),
        ({"headers": {"Host": "x"}}, "no header"), ({"headers": {"Content-Length": "1"}}, "no header"),
        ({"headers": {"X": "${{ env.HOME }}"}}, "LG_WEBHOOK_"), ({"env_prefix": 1}, "string"),
        ({"headers": {"X": "${{ secrets.A }}"}}, "env.NAME"),
        ({"headers": {"X": "${{ env.MY_A }}"}, "env_prefix": "YOUR_"}, "YOUR_"),
    ],
)  # fmt: skip
def test_a_mistake_in_langgraph_json_is_named(raw: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        webhooks_of("langgraph.json", raw)


def test_headers_take_their_values_from_the_environment() -> None:
    webhooks = webhooks_of(
        "f", {"headers": {"A": "Bearer ${{ env.LG_WEBHOOK_A }}${{env.LG_WEBHOOK_B}}", "C": "c"}}
    )
    assert webhooks.headers_from({"LG_WEBHOOK_A": "1", "LG_WEBHOOK_B": "2"}) == {"A": "Bearer 12", "C": "c"}
    with pytest.raises(ConfigError, match="LG_WEBHOOK_B, which is not set"):
        webhooks.headers_from({"LG_WEBHOOK_A": "1"})


def test_a_value_that_no_header_may_have_is_refused_and_not_shown() -> None:
    webhooks = webhooks_of("f", {"headers": {"A": "${{ env.LG_WEBHOOK_A }}"}})
    with pytest.raises(ConfigError, match="characters") as caught:
        webhooks.headers_from({"LG_WEBHOOK_A": "secret\r\nX: 1"})
    assert "secret" not in str(caught.value)
