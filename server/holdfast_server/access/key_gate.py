"""Who shows an API key: looked up on every request, so that a revoked key is refused at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import InterfaceError, OperationalError
from psycopg.rows import DictRow
from psycopg_pool import PoolTimeout

from holdfast_server.access.key_text import hashed
from holdfast_server.access.permissions import Permission, permissions_of
from holdfast_server.access.principal import Principal
from holdfast_server.access.user import User, known_to_runs
from holdfast_server.db.pool import Pool
from holdfast_server.db.statements import statement
from holdfast_server.errors import ApiError


@dataclass(frozen=True)
class KeyGate:
    """Turns a key into its principal; `roles` are the operator's own."""

    pool: Pool
    roles: Mapping[str, frozenset[Permission]]

    async def who(self, text: str) -> Principal:
        """Whose key this is.

        Raises:
            ApiError: 401, there is no such key or it is dead; 503, the database is away.
        """
        row = await self._found(text)
        if row is None:
            raise _refused("There is no such API key")
        # Who holds the whole secret may know what became of it; a stranger never gets this far.
        match row["state"]:
            case "revoked":
                raise _refused(f"The API key {row['prefix']} was revoked")
            case "expired":
                raise _refused(f"The API key {row['prefix']} expired at {_moment(row['expires_at'])}")
            case _:
                return self._principal(row)

    async def _found(self, text: str) -> DictRow | None:
        try:
            async with self.pool.connection() as conn:
                cursor = await conn.execute(statement("find_key"), {"hash": hashed(text)})
                return await cursor.fetchone()
        except (OperationalError, InterfaceError, PoolTimeout):
            # Also for routes of the user's, which know nothing of our database.
            raise ApiError(503, "The database does not answer; nobody can be let in. Try again") from None

    def _principal(self, row: DictRow) -> Principal:
        permissions = permissions_of(row["roles"], self.roles)
        identity = row["user_id"] or f"key:{row['name']}"
        user: dict[str, Any] = {
            "identity": identity,
            "display_name": row["name"],
            "is_authenticated": True,
            "permissions": sorted(permissions),
        }
        return Principal(
            tenant=row["tenant"],
            user_id=identity,
            roles=frozenset(row["roles"]),
            permissions=permissions,
            how="key",
            user=user,
            configurable=known_to_runs(user),
            native=User(user),
            key_id=str(row["key_id"]),
            rate_limit=row["rate_limit"],
        )


def _refused(detail: str) -> ApiError:
    return ApiError(401, detail, {"www-authenticate": "Bearer"})


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="seconds")
