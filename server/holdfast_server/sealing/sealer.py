"""The sealer: AES-256-GCM under the newest key; opens what any of its keys has sealed."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from holdfast_server import wire
from holdfast_server.sealing.errors import Tampered, UnknownKey
from holdfast_server.sealing.key import Key

# The one key of an object that stands for a sealed value in JSON.
MARK = "$sealed"
OPENING = '{"$sealed":"'
_ID = 8
_SALT, _NONCE, _TAG = 16, 12, 16
# Random nonces of 96 bit are safe for 2^32 messages under one key; a process takes a fresh one long before.
_MESSAGES = 2**28
# What says nothing stays as it is: SQL asks whether a thread has questions by looking for `{}`.
_EMPTY = frozenset({"{}", "[]", "null"})


class Place(Enum):
    """The kinds of places for sealed values; one is not opened in a place of another kind."""

    TEXT = b"holdfast:text"
    BLOB = b"holdfast:blob"
    METADATA = b"holdfast:checkpoint metadata"
    ITEM = b"holdfast:store item"


class Sealer:
    """Seals and opens; without a key it leaves everything as it is.

    The key itself never touches a message: each process derives keys from it by random salts, which stand
    in front of what they sealed.

    Args:
        key: seals what is written; None writes it readable.
        old_keys: open what they have sealed.
    """

    def __init__(self, key: Key | None = None, old_keys: Iterable[Key] = ()) -> None:
        self._keys = {k.id: k for k in (*old_keys, *([key] if key else []))}
        self._key = key
        self._derived = lru_cache(maxsize=4096)(self._derive)
        self._fresh: tuple[bytes, AESGCM] | None = None
        self._left = 0

    @property
    def key_id(self) -> str | None:
        """The id of the key that seals; None: nothing is sealed."""
        return self._key.id if self._key else None

    @property
    def key_ids(self) -> list[str]:
        """The ids of the keys that open."""
        return list(self._keys)

    def seal(self, data: bytes, place: Place) -> bytes:
        """Seals bytes; `key_id` is to be kept beside them."""
        salt, cipher = self._cipher()
        nonce = os.urandom(_NONCE)
        return salt + nonce + cipher.encrypt(nonce, data, place.value)

    def open(self, key_id: str, sealed: bytes, place: Place) -> bytes:
        """What was sealed.

        Raises:
            UnknownKey, Tampered: it cannot be opened.
        """
        if key_id not in self._keys:
            raise UnknownKey(key_id)
        start = _SALT + _NONCE
        if len(sealed) < start + _TAG:
            raise Tampered(key_id)
        try:
            cipher = self._derived(key_id, bytes(sealed[:_SALT]))
            return cipher.decrypt(sealed[_SALT:start], sealed[start:], place.value)
        except InvalidTag:
            raise Tampered(key_id) from None

    def seal_text(self, text: str | None) -> str | None:
        """A text or JSON text as JSON text that holds it sealed; an empty value stays."""
        if self._key is None or text is None or text in _EMPTY:
            return text
        return f'{OPENING}{self.token(text.encode("utf-8", "surrogatepass"), Place.TEXT)}"}}'

    def open_value(self, value: Any) -> Any:
        """A value of a column: a sealed text as text, sealed JSON as what it holds, all else as it is.

        Raises:
            UnknownKey, Tampered: it cannot be opened.
        """
        if isinstance(value, str) and value.startswith(OPENING) and value.endswith('"}'):
            data = self.open_token(value[len(OPENING) : -2], Place.TEXT)
            return value if data is None else data.decode("utf-8", "surrogatepass")
        if isinstance(value, dict) and len(value) == 1 and isinstance(token := value.get(MARK), str):
            data = self.open_token(token, Place.TEXT)
            return value if data is None else wire.loads(data)
        return value

    def token(self, data: bytes, place: Place) -> str:
        """Bytes as one sealed word, which names its key."""
        return f"{self.key_id}.{base64.b64encode(self.seal(data, place)).decode()}"

    def open_token(self, token: str, place: Place) -> bytes | None:
        """What a sealed word holds; None when it is no such word.

        Raises:
            UnknownKey, Tampered: it cannot be opened.
        """
        key_id = key_of(token)
        if key_id is None or not self._keys:
            return None
        try:
            return self.open(key_id, binascii.a2b_base64(token[_ID + 1 :], strict_mode=True), place)
        except binascii.Error:
            raise Tampered(key_id) from None

    def _cipher(self) -> tuple[bytes, AESGCM]:
        if self._fresh is None or self._left <= 0:
            assert self._key is not None
            salt = os.urandom(_SALT)
            self._fresh, self._left = (salt, self._derive(self._key.id, salt)), _MESSAGES
        self._left -= 1
        return self._fresh

    def _derive(self, key_id: str, salt: bytes) -> AESGCM:
        derivation = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"holdfast sealing 1")
        return AESGCM(derivation.derive(self._keys[key_id].secret))


def key_of(token: str) -> str | None:
    """The key that a sealed word names; None when it is no such word."""
    key_id = token[:_ID]
    if token[_ID : _ID + 1] != "." or not all(c in "0123456789abcdef" for c in key_id):
        return None
    return key_id
