"""A small identity provider for tests: real keys, real tokens, its key set over HTTP on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True)
class SigningKey:
    """A private key, and what the provider publishes of it."""

    kid: str
    algorithm: str
    private: Any
    public: dict[str, Any]

    @classmethod
    def drawn(cls, kid: str, algorithm: str = "RS256", size: int = 2048) -> SigningKey:
        """A new one."""
        if algorithm.startswith("ES"):
            curve = ec.generate_private_key(ec.SECP256R1())
            public = ECAlgorithm.to_jwk(curve.public_key(), as_dict=True)
            return cls(kid, algorithm, curve, {**public, "kid": kid, "use": "sig"})
        private = rsa.generate_private_key(public_exponent=65537, key_size=size)
        public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        return cls(kid, algorithm, private, {**public, "kid": kid, "use": "sig"})


@dataclass
class IdentityProvider:
    """What it says is in its fields; a test changes them while it runs."""

    url: str
    keys: list[SigningKey] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def token(self, *, key: SigningKey | None = None, header: Any = None, **claims: Any) -> str:
        """A good token, except for what is given; a claim that is None is left out."""
        signing, now = key or self.keys[-1], int(time.time())
        whole = {"iss": self.url, "aud": "holdfast", "sub": "ada", "iat": now, "exp": now + 600} | claims
        said = {name: value for name, value in whole.items() if value is not None}
        headers = {"kid": signing.kid, **(header or {})}
        return jwt.encode(said, signing.private, signing.algorithm, headers=headers)

    def answer(self, path: str) -> tuple[int, Any]:
        """Status and JSON."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        if path == _DISCOVERY:
            return 200, {"issuer": self.url, "jwks_uri": self.url + "/keys"}
        return 200, {"keys": [key.public for key in self.keys]}

    def go_away(self) -> None:
        """From now on it has nothing to say."""
        self.answers = {path: (503, {}) for path in (_DISCOVERY, "/keys")}

    def come_back(self) -> None:
        """It is as it was."""
        self.answers = {}


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """One that listens on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, said = provider.answer(self.path)
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("location", provider.url + "/keys")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = IdentityProvider(f"http://127.0.0.1:{server.server_port}", [SigningKey.drawn("first")])
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
