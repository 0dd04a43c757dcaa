"""The API keys of a house: made, listed, revoked and rotated, straight in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from holdfast_server.access.key_text import NewKey, hashed, prefix_in
from holdfast_server.db.pool import Conn
from holdfast_server.db.statements import statement
from holdfast_server.errors import KeyUnusable


@dataclass(frozen=True)
class Rights:
    """What a key is for, and how much it may do."""

    name: str
    roles: tuple[str, ...]
    tenant: str
    user_id: str | None = None
    rate_limit: int | None = None


@dataclass(frozen=True)
class KeyRing:
    """All keys behind one connection."""

    conn: Conn

    async def create(self, rights: Rights, *, lifetime: timedelta | None = None) -> tuple[NewKey, DictRow]:
        """A new key; its text is kept nowhere."""
        key = NewKey.drawn()
        row = await self._row(
            "create_key", **vars(rights) | {"roles": list(rights.roles)}, lifetime=lifetime, **_stored(key)
        )
        assert row is not None
        return key, row

    async def listed(self, *, tenant: str | None = None) -> Sequence[DictRow]:
        """Every key with its state: live, replaced (lives until it expires), expired or revoked."""
        return await (await self.conn.execute(statement("list_keys"), {"tenant": tenant})).fetchall()

    async def revoke(self, named: str) -> tuple[DictRow, Sequence[DictRow]]:
        """Ends a key at once; answers it, and the keys that it replaced and that still live.

        Raises:
            KeyUnusable: there is none of this prefix or id.
        """
        key = await self._located(named)
        cursor = await self.conn.execute(statement("revoke_key"), {"key_id": key["key_id"]})
        return key, await cursor.fetchall()

    async def rotate(
        self, named: str, *, overlap: timedelta, lifetime: timedelta | None = None
    ) -> tuple[NewKey, DictRow]:
        """A new key with the same rights; the old one dies after the overlap (`dies_at`).

        Raises:
            KeyUnusable: there is none, it is dead, or it was replaced already.
        """
        old, key = await self._located(named), NewKey.drawn()
        row = await self._row(
            "rotate_key", replaced=old["key_id"], overlap=overlap, lifetime=lifetime, **_stored(key)
        )
        if row is None:
            raise KeyUnusable(_why_not(await self._located(named)))
        return key, row

    async def _located(self, named: str) -> DictRow:
        row = await self._row("locate_key", named=prefix_in(named.strip()))
        if row is None:
            # Not the whole text: somebody may have pasted a secret.
            raise KeyUnusable(f"no key is named {named.strip()[:11]!r}; `holdfast keys list` shows them all")
        return row

    async def _row(self, statement_name: str, /, **params: Any) -> DictRow | None:
        return await (await self.conn.execute(statement(statement_name), params)).fetchone()


def _stored(key: NewKey) -> dict[str, Any]:
    return {"key_id": uuid7(), "prefix": key.prefix, "hash": hashed(key.text)}


def _why_not(key: DictRow) -> str:
    if key["revoked_at"] is not None:
        state = "is revoked"
    elif key["expired"]:
        state = "has expired"
    else:
        state = "was replaced already"
    return f"{key['prefix']} {state}; make another with `holdfast keys create`"
