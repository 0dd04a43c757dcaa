"""The keys that the rows of a database are sealed with; a process that lacks one does not start."""

from __future__ import annotations

from holdfast_server.db.pool import connect
from holdfast_server.db.statements import statement
from holdfast_server.errors import DatabaseError
from holdfast_server.sealing.sealer import Sealer


async def check_keys(url: str, sealer: Sealer) -> None:
    """Makes sure that this process can open what is there, and notes the key that it writes with.

    Raises:
        DatabaseError: rows are sealed with a key that it does not have; the sentence names the key.
    """
    async with await connect(url, name="keys", role="holdfast_system", connect_timeout=10) as conn:
        rows = await (await conn.execute(statement("sealing_keys_in_use"))).fetchall()
        if missing := [row["key_id"] for row in rows if row["key_id"] not in sealer.key_ids]:
            raise DatabaseError(
                f"rows of this database are sealed with key {', '.join(missing)}, which holdfast.sealing in "
                "langgraph.json does not name; add it as key, or to old_keys"
            )
        if sealer.key_id is not None:
            await conn.execute(statement("use_sealing_key"), {"key_id": sealer.key_id})
