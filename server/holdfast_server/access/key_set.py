"""The public keys of an identity provider: kept, renewed when they age, and kept longer while it is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from jwt import PyJWK, PyJWTError

from holdfast_server.errors import ApiError

logger = logging.getLogger(__name__)
JsonKey = dict[str, Any]

# In seconds. A key that the provider withdrew is refused after `_FRESH`; while the provider is away, its
# last keys count for `_STALE`; an unknown key id (anybody can make one up) has it asked once in `_PAUSE`.
_FRESH = 300.0
_STALE = 6 * 3600.0
_PAUSE = 10.0
# All of one renewal, however slowly the provider drips.
_PATIENCE = 12.0


class KeySet:
    """The keys by their id.

    Args:
        fetch: asks the provider.
        issuer: its name, for logs.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Sequence[JsonKey]]],
        *,
        issuer: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._issuer = issuer
        self._clock = clock
        self._keys: Sequence[JsonKey] = ()
        # Reading a key costs as much as checking a signature with it.
        self._parsed: dict[tuple[str | None, str], PyJWK] = {}
        self._renewed = float("-inf")
        self._tried = float("-inf")
        self._silent = False
        self._renewing: asyncio.Task[None] | None = None

    async def key(self, kid: str | None, algorithm: str) -> PyJWK:
        """The key that a token says it was signed with.

        Raises:
            ApiError: 401, the provider has no such key; 503, the provider is away and we have none.
        """
        await self._mend()
        found = self._usable(kid, algorithm)
        if found is None and self._may_try():
            await self._renew()
            found = self._usable(kid, algorithm)
        if found is not None:
            return found
        if self._silent:
            raise ApiError(503, "The identity provider does not answer, so that this token cannot be checked")
        raise ApiError(401, "The token is signed with a key that its issuer does not have")

    async def close(self) -> None:
        """Ends a renewal under way; safe twice."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait({self._renewing})

    async def _mend(self) -> None:
        """Renews what has aged; nobody waits for a provider that was silent the last time."""
        age = self._clock() - self._renewed
        if age > _STALE:
            self._keys = ()
            self._parsed.clear()
        if age > _FRESH and self._may_try():
            if self._keys and self._silent:
                self._start()
            else:
                await self._renew()

    def _may_try(self) -> bool:
        under_way = self._renewing is not None and not self._renewing.done()
        return under_way or self._clock() - self._tried > _PAUSE

    async def _renew(self) -> None:
        # Shielded: the caller who hangs up must not end it for the others.
        await asyncio.shield(self._start())

    def _start(self) -> asyncio.Task[None]:
        if self._renewing is None or self._renewing.done():
            self._tried = self._clock()
            self._renewing = asyncio.create_task(self._renewed_once(), name=f"keys of {self._issuer}")
        return self._renewing

    async def _renewed_once(self) -> None:
        try:
            self._keys = await asyncio.wait_for(self._fetch(), _PATIENCE)
        except Exception as error:
            # Whatever it was: the keys that we have go on, and the next renewal tries again.
            self._silent = True
            logger.warning("no keys from %s: %s", self._issuer, error or "no answer in time")
        else:
            self._parsed.clear()
            self._silent = False
            self._renewed = self._clock()

    def _usable(self, kid: str | None, algorithm: str) -> PyJWK | None:
        if (known := self._parsed.get((kid, algorithm))) is not None:
            return known
        named = [key for key in self._keys if kid is None or key.get("kid") == kid]
        fitting = [found for key in named if (found := _parsed(key, algorithm)) is not None]
        # A token that names no key may be meant for the only one that fits.
        if len(fitting) != 1 and (kid is None or not fitting):
            return None
        return self._parsed.setdefault((kid, algorithm), fitting[0])


def _parsed(key: JsonKey, algorithm: str) -> PyJWK | None:
    """The key, when it is a public one for signatures of this algorithm."""
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm or key.get("kty") == "oct":
        return None
    if "d" in key:
        # A private key that was published is everybody's.
        return None
    try:
        return PyJWK(key, algorithm)
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
