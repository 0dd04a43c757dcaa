"""The section `holdfast.http`: who may knock how often, through which proxies, under which names."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

from holdfast_server.config.section import Section
from holdfast_server.errors import ConfigError

Network = IPv4Network | IPv6Network

_KNOWN = ("rate_limit", "failed_logins", "trusted_proxies", "allowed_hosts", "headers")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_RATE = re.compile(r"([1-9]\d{0,8})/(second|minute|hour)")
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\]|[0-9.]+")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")
# They frame the answer, or are about one answer and not about all.
_OURS = {
    "connection", "content-length", "content-type", "transfer-encoding", "date", "location", "set-cookie",
    "content-location", "upgrade", "x-request-id",
}  # fmt: skip


@dataclass(frozen=True)
class Rate:
    """So many requests in so many seconds; as many may come at once."""

    requests: int
    seconds: int

    @classmethod
    def per_minute(cls, requests: int) -> Rate:
        """What an API key's own limit is told in."""
        return cls(requests, 60)


@dataclass(frozen=True)
class DoorConfig:
    """What the section says.

    Attributes:
        rate_limit: of one key, one user, or one address where nobody is asked; None: no limit.
        failed_logins: different wrong credentials from one address; None: no limit.
        trusted_proxies: whose X-Forwarded-For, -Proto and -Host are believed.
        allowed_hosts: names under which this server may be called, beside those it knows itself.
        headers: of every answer; an empty value: this header is not sent.
    """

    rate_limit: Rate | None = None
    failed_logins: Rate | None = Rate(30, 60)
    trusted_proxies: tuple[Network, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def read_door(section: Section | None) -> DoorConfig:
    """The section; what is absent has its default.

    Raises:
        ConfigError: the sentence names the key and the mend.
    """
    if section is None:
        return DoorConfig()
    section.refuse_unknown(_KNOWN)
    return DoorConfig(
        rate_limit=_rate(section, "rate_limit", None),
        failed_logins=_rate(section, "failed_logins", DoorConfig.failed_logins),
        trusted_proxies=tuple(_proxy(section, text) for text in section.names("trusted_proxies") or ()),
        allowed_hosts=tuple(_host(section, text) for text in section.names("allowed_hosts") or ()),
        headers=_headers(section),
    )


def network_of(text: str) -> Network:
    """An address or a network, such as 10.0.0.0/8.

    Raises:
        ValueError: it is none, has bits behind its mask, or is everybody.
    """
    network = ipaddress.ip_network(text)
    if network.prefixlen == 0:
        raise ValueError(f"{text} is everybody")
    return network


def _rate(section: Section, key: str, default: Rate | None) -> Rate | None:
    if key not in section.values:
        return default
    if section.values[key] is None:
        return None
    found = _RATE.fullmatch(str(section.values[key]))
    if found is None:
        raise section.wrong(key, 'must be written as "600/minute" (second, minute or hour), or null')
    return Rate(int(found[1]), _SECONDS[found[2]])


def _proxy(section: Section, text: str) -> Network:
    try:
        return network_of(text)
    except ValueError as error:
        must = f"must list addresses and networks of proxies, such as 10.0.0.0/8 ({error})"
        raise section.wrong("trusted_proxies", must) from None


def _host(section: Section, text: str) -> str:
    host = text.lower().rstrip(".")
    if not _HOST.fullmatch(host):
        must = 'must list names without scheme and port, such as "agents.example.com" or "*.example.com"'
        raise section.wrong("allowed_hosts", must)
    return host


def _headers(section: Section) -> dict[str, str]:
    given = section.section("headers")
    if given is None:
        return {}
    chosen = {name.lower(): value for name, value in given.values.items()}
    for name, value in given.values.items():
        if not _NAME.fullmatch(name.lower()) or name.lower() in _OURS:
            raise ConfigError(
                f'{section.path}: "{given.name}" has {name!r}, which cannot be set here; remove it'
            )
        if value is not None and not (isinstance(value, str) and _VALUE.fullmatch(value)):
            raise given.wrong(name, "must be a text of printable ASCII, or null to send none")
    return {name: value or "" for name, value in chosen.items()}
