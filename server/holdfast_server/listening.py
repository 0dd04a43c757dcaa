"""How an API process listens: address, certificate, proxies, and the limits of its server."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from holdfast_server.compat.uvicorn import guarded_protocol, tls_context
from holdfast_server.config.door import Network, network_of
from holdfast_server.errors import ConfigError
from holdfast_server.settings import MAX_MESSAGE, Settings


@dataclass(frozen=True)
class Listening:
    """What the command line says.

    Attributes:
        tls_cert: certificate with its chain, PEM.
        tls_key: its key, PEM.
        trusted_proxies: beside those of langgraph.json.
    """

    host: str = "127.0.0.1"
    port: int = 2024
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[Network, ...] = ()

    @classmethod
    def of(
        cls,
        host: str,
        port: int,
        *,
        tls_cert: Path | None,
        tls_key: Path | None,
        trusted_proxies: tuple[str, ...],
    ) -> Listening:
        """Out of the options of a command.

        Raises:
            ConfigError: one of certificate and key is missing, or a proxy is no address.
        """
        if (tls_cert is None) != (tls_key is None):
            raise ConfigError("TLS needs both --tls-cert and --tls-key; give both or none")
        return cls(host, port, tls_cert, tls_key, tuple(_proxy(text) for text in trusted_proxies))

    def server(self, asgi: ASGIApp, settings: Settings) -> uvicorn.Config:
        """The configuration of the server.

        Raises:
            ConfigError: the certificate cannot be used.
        """
        tls: dict[str, Any] = {}
        if self.tls_cert is not None and self.tls_key is not None:
            tls["ssl_context_factory"] = tls_context(self.tls_cert, self.tls_key)
        return uvicorn.Config(
            asgi,
            host=self.host,
            port=self.port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=5,
            http=guarded_protocol(
                max_head=settings.max_head,
                head_timeout=settings.head_timeout,
                body_timeout=settings.body_timeout,
            ),
            ws_max_size=MAX_MESSAGE,
            server_header=False,
            # Ours believes named proxies only (api/proxies.py); uvicorn's believes everybody on this machine.
            proxy_headers=False,
            **tls,
        )


def _proxy(text: str) -> Network:
    try:
        return network_of(text)
    except ValueError as error:
        raise ConfigError(
            f"--trusted-proxy: {error}; write an address or a network, such as 10.0.0.0/8"
        ) from None


def check_port(host: str, port: int) -> None:
    """Makes sure that one can listen there.

    Raises:
        ConfigError: the port is taken, or the address is not of this machine.
    """
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"cannot listen on {host}:{port}: {error.strerror}; choose another --port"
            ) from None
