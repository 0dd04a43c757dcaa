"""Where a webhook goes: a URL that the policy allows, with the addresses that were checked."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from holdfast_server.config.webhooks import UrlPolicy
from holdfast_server.errors import HoldfastError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[list[str]]]

_PORTS = {"http": 80, "https": 443}
_PATIENCE = 5.0
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class DestinationRefused(HoldfastError):
    """The policy does not let a webhook go there."""


@dataclass(frozen=True)
class Destination:
    """A URL and its addresses, all of which the policy allows."""

    url: httpx.URL
    addresses: tuple[str, ...]

    @property
    def host(self) -> str:
        """The name of the host as DNS and TLS know it."""
        return self.url.raw_host.decode()


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system finds them.

    Raises:
        OSError: it has none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def checked_destination(text: str, policy: UrlPolicy, *, resolver: Resolver = resolve) -> Destination:
    """The destination that a URL names, looked up now: what a name stands for changes.

    Raises:
        DestinationRefused: the sentence says which rule refuses it.
    """
    url = _url(text, policy)
    addresses = await _addresses(url, resolver)
    for address in addresses:
        if kind := _forbidden(address, policy):
            raise DestinationRefused(f"Webhook host blocked: {kind} IP range")
    return Destination(url, tuple(str(address) for address in addresses))


def _url(text: str, policy: UrlPolicy) -> httpx.URL:
    if len(text) > policy.max_url_length:
        raise DestinationRefused(f"Webhook URL has {len(text)} characters, more than {policy.max_url_length}")
    try:
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, ValueError) as error:
        raise DestinationRefused(f"Webhook URL cannot be read: {error}") from None
    if not url.scheme and not host:
        raise DestinationRefused("Webhook URL is relative; it must start with https:// and a host")
    if url.scheme not in _PORTS or not host:
        raise DestinationRefused("Webhook URL must start with http:// or https:// and a host")
    if not 0 < port_of(url) <= 65_535:
        raise DestinationRefused(f"Webhook URL cannot be read: there is no port {url.port}")
    if policy.require_https and url.scheme != "https":
        raise DestinationRefused("Webhook URL must use https")
    if policy.allowed_domains and not any(_within(host, domain) for domain in policy.allowed_domains):
        raise DestinationRefused(f"Webhook host {host!r} is not among the allowed domains")
    if policy.allowed_ports and (port := port_of(url)) not in policy.allowed_ports:
        raise DestinationRefused(f"Webhook port {port} is not among the allowed ports")
    return url


def port_of(url: httpx.URL) -> int:
    """The port of a URL, its scheme's when it names none."""
    return _PORTS[url.scheme] if url.port is None else url.port


def _within(host: str, domain: str) -> bool:
    """Whether a host is the domain; `*.example.com` is what lies below example.com, without itself."""
    host = host.lower().rstrip(".")
    return host.endswith(domain[1:]) if domain.startswith("*.") else host == domain


async def _addresses(url: httpx.URL, resolver: Resolver) -> list[Address]:
    unknown = DestinationRefused(f"Webhook host {url.host!r} does not resolve")
    try:
        found = await asyncio.wait_for(resolver(url.raw_host.decode(), port_of(url)), _PATIENCE)
        addresses = [ipaddress.ip_address(address.partition("%")[0]) for address in found]
    # UnicodeError: a label that no DNS could hold.
    except (OSError, UnicodeError, ValueError, TimeoutError):
        raise unknown from None
    if not addresses:
        raise unknown
    return addresses


def _forbidden(address: Address, policy: UrlPolicy) -> str | None:
    """Which kind of address it is, if the policy refuses that kind."""
    address = _inner(address)
    if address.is_link_local:
        return "link-local"
    if address.is_loopback:
        return "loopback" if policy.disable_loopback else None
    if address.is_multicast or address.is_unspecified or address.is_reserved:
        return "reserved"
    return "private" if policy.disable_loopback and not address.is_global else None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one is a wrapping of."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
