"""Asks an identity provider for its public keys."""

from __future__ import annotations

from typing import Any

import httpx

from holdfast_server import wire
from holdfast_server.access.issuer import Issuer, may_be_asked
from holdfast_server.errors import ProviderSilent

# In seconds, for each of the two questions.
_PATIENCE = 5.0
_LONGEST_ANSWER = 1_000_000


class Provider:
    """One provider over HTTP; follows no redirect, reads no endless answer, never blocks the event loop."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._http: httpx.AsyncClient | None = None

    async def jwks(self) -> list[dict[str, Any]]:
        """Its keys as they stand in its key set.

        Raises:
            ProviderSilent: it does not answer, or not with a key set.
        """
        uri = self._issuer.jwks_uri or await self._discovered()
        keys = (await self._read(uri)).get("keys")
        if not isinstance(keys, list):
            raise ProviderSilent(f"{uri} answers no key set")
        return [key for key in keys if isinstance(key, dict)]

    async def close(self) -> None:
        """Ends its connections; safe twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _discovered(self) -> str:
        where = self._issuer.url.rstrip("/") + "/.well-known/openid-configuration"
        document = await self._read(where)
        if document.get("issuer") != self._issuer.url:
            raise ProviderSilent(f"{where} is of the issuer {document.get('issuer')!r}")
        uri = document.get("jwks_uri")
        if not may_be_asked(uri):
            raise ProviderSilent(f"{where} names {uri!r} for its keys; that must be an https address")
        return str(uri)

    async def _read(self, url: str) -> dict[str, Any]:
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False)
        try:
            async with self._http.stream("GET", url, headers={"accept": "application/json"}) as answer:
                if answer.status_code != 200:
                    raise ProviderSilent(f"{url} answers {answer.status_code}")
                found = wire.loads(await _whole(answer, url))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ProviderSilent(f"{url}: {type(error).__name__}: {error}") from None
        if not isinstance(found, dict):
            raise ProviderSilent(f"{url} answers no object")
        return found


async def _whole(answer: httpx.Response, url: str) -> bytes:
    parts, size = list[bytes](), 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > _LONGEST_ANSWER:
            raise ProviderSilent(f"{url} answers more than {_LONGEST_ANSWER} bytes")
        parts.append(part)
    return b"".join(parts)
