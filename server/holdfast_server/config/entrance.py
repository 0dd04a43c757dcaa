"""The entrance: the ways in, and that a house which asks nobody is reached from this machine only."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from holdfast_server.config.app import AppConfig
from holdfast_server.errors import ConfigError
from holdfast_server.settings import Settings


@dataclass(frozen=True)
class Entrance:
    """The ways in.

    Attributes:
        handler: langgraph.json has an `auth` section.
        issuers: the identity providers.
        keys: API keys are demanded of who comes in no other way.
    """

    handler: bool = False
    issuers: tuple[str, ...] = ()
    keys: bool = False

    @classmethod
    def of(cls, settings: Settings, config: AppConfig | None) -> Entrance:
        """The entrance of a server with these settings."""
        if config is None:
            return cls(keys=settings.require_keys)
        access = config.house.access
        issuers = tuple(issuer.url for issuer in access.issuers)
        return cls(config.auth is not None, issuers, access.keys or settings.require_keys)

    @property
    def is_open(self) -> bool:
        """Whether everybody comes in unasked."""
        return not (self.handler or self.issuers or self.keys)

    def check(self, host: str) -> None:
        """Makes sure that no stranger comes in unasked.

        Raises:
            ConfigError: the house is open and others can reach `host` too, or `host` is no address.
        """
        loopback = is_loopback(host)
        if self.is_open and not loopback:
            raise ConfigError(
                f"{host} can be reached from outside, and nobody would be asked who they are. Set "
                "HOLDFAST_REQUIRE_KEYS=1 and make a key with `holdfast keys create`, or name an `auth` "
                "handler or `holdfast.access.oidc` in langgraph.json, or listen on 127.0.0.1"
            )

    def said(self) -> str:
        """The ways in, in words."""
        if self.is_open:
            return "nobody is asked who they are; API keys that are shown are checked"
        handler = ["your auth handler"] if self.handler else []
        issuers = [f"tokens of {url}" for url in self.issuers]
        return "callers are asked who they are: " + ", ".join(["API keys", *issuers, *handler])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`, a name or an address.

    Raises:
        ConfigError: the name stands for no address.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise ConfigError(f"cannot listen on {host!r}: {error.strerror}; correct --host") from None
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)
