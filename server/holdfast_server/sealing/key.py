"""A key: 32 bytes and the id under which what it sealed is found."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field

from holdfast_server.errors import ConfigError

_BYTES = 32


@dataclass(frozen=True)
class Key:
    """A key; its id says which one it is and nothing about its bytes."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, secret: bytes) -> Key:
        """The key of these 32 bytes."""
        return cls(hashlib.sha256(b"holdfast sealing key id\x00" + secret).hexdigest()[:8], secret)

    @classmethod
    def read(cls, name: str, text: str) -> Key:
        """The key out of base64 or hex; `name` is where it comes from.

        Raises:
            ConfigError: it is no key; the sentence does not repeat it.
        """
        secret = _decoded(text.strip())
        if secret is None or len(secret) != _BYTES:
            raise ConfigError(
                f"{name} holds no key: it must be {_BYTES} bytes as base64 or hex; "
                "`holdfast sealing new-key` prints one"
            )
        return cls.of(secret)


def new_key() -> str:
    """A new key, as base64."""
    return base64.b64encode(os.urandom(_BYTES)).decode()


def _decoded(text: str) -> bytes | None:
    try:
        if len(text) == 2 * _BYTES:
            return bytes.fromhex(text)
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error):
        return None
