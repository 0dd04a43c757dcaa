"""`holdfast sealing rotate`: brings every row under the newest key, while the house runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from psycopg import DataError
from psycopg.rows import DictRow, dict_row
from psycopg.sql import SQL, Identifier, Literal, Placeholder

from holdfast_server.db.pool import Conn, connect
from holdfast_server.db.statements import statement
from holdfast_server.rotation.tables import TABLES, Changes, Table
from holdfast_server.sealing.errors import SealBroken
from holdfast_server.sealing.house import sealer

Tell = Callable[[str], None]


@dataclass
class Report:
    """What a rotation did.

    Attributes:
        resealed: rows written anew.
        left: rows that are still not as they should be.
        retired: keys that no row is sealed with any more.
        writers: processes that write with another key, by its id; `none`: without one.
        refused: why rows could not be written anew, and how many.
    """

    resealed: int = 0
    left: int = 0
    retired: list[str] = field(default_factory=list)
    writers: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)

    def refuse(self, table: Table, error: Exception) -> None:
        """Counts a row that stays as it is."""
        reason = f"{table.name}: {str(error).splitlines()[0]}"
        self.refused[reason] = self.refused.get(reason, 0) + 1


@dataclass(frozen=True)
class _Update:
    same: dict[str, Any]
    changes: Changes
    beside: list[Changes]


async def rotate(url: str, tell: Tell) -> Report:
    """Seals all rows with the key of this process, or makes them readable when it has none to seal with.

    It may be stopped at any time and started again: what is done is not done twice.

    Args:
        url: the database.
        tell: is told of progress.
    """
    async with await connect(url, name="rotate", role=None) as conn:
        report = Report(writers=await _writers(conn))
        while await _pass(conn, report, tell):
            pass
        report.left = sum([await _left(conn, table) for table in TABLES])
        report.writers |= await _writers(conn)
        if not report.left and not report.writers:
            params = {"key_id": sealer().key_id}
            gone = await (await conn.execute(statement("retire_sealing_keys"), params)).fetchall()
            report.retired = [row["key_id"] for row in gone]
    return report


async def _pass(conn: Conn, report: Report, tell: Tell) -> bool:
    """Goes through all tables once; false when it changed nothing."""
    before = report.resealed
    report.refused = {}
    for table in TABLES:
        done = await _through(conn, table, report)
        if done:
            tell(f"{table.name}: {done} rows")
    return report.resealed > before


async def _through(conn: Conn, table: Table, report: Report) -> int:
    done, last = 0, None
    while True:
        async with conn.transaction():
            rows = await _page(conn, table, last)
            done += await _reseal(conn, table, rows, report)
        if not rows:
            report.resealed += done
            return done
        last = rows[-1]


async def _page(conn: Conn, table: Table, last: DictRow | None) -> list[DictRow]:
    keys = SQL(", ").join(map(Identifier, table.keys))
    held = SQL(", ").join(map(Placeholder, table.keys))
    query = SQL(statement("stale_rows")).format(
        keys=keys,
        shown=table.shown(),
        table=Identifier(table.name),
        after=SQL("true") if last is None else SQL("({}) > ({})").format(keys, held),
        stale=table.stale(),
        at_once=Literal(table.at_once),
    )
    # A plain row: what is sealed must come as it lies there.
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, {**(last or {}), "key_id": sealer().key_id}, prepare=False)
        return await cursor.fetchall()


async def _reseal(conn: Conn, table: Table, rows: list[DictRow], report: Report) -> int:
    """Writes rows anew, together if that goes; how many it wrote."""
    ready = [row for row in [_made_anew(table, row, report) for row in rows] if row is not None]
    try:
        async with conn.transaction(), conn.pipeline():
            for update in ready:
                await _write(conn, table, update)
        return len(ready)
    except DataError:
        return sum([await _written(conn, table, update, report) for update in ready])


def _made_anew(table: Table, row: DictRow, report: Report) -> _Update | None:
    try:
        same = {name: row[name] for name in table.keys}
        return _Update(same, table.again(sealer(), row), table.beside(sealer(), row))
    except SealBroken as broken:
        report.refuse(table, broken)
        return None


async def _written(conn: Conn, table: Table, update: _Update, report: Report) -> bool:
    try:
        async with conn.transaction():
            await _write(conn, table, update)
        return True
    except DataError as error:
        # PostgreSQL's jsonb holds no NUL, which was no matter while it was sealed.
        report.refuse(table, error)
        return False


async def _write(conn: Conn, table: Table, update: _Update) -> None:
    for blob in update.beside:
        await conn.execute(statement("keep_blob"), blob)
    query = SQL(statement("reseal_row")).format(
        table=Identifier(table.name),
        changes=SQL(", ").join(
            SQL("{} = {}{}").format(Identifier(name), Placeholder(f"new_{name}"), table.cast(name))
            for name in update.changes
        ),
        same=SQL(" and ").join(SQL("{} = {}").format(Identifier(k), Placeholder(k)) for k in table.keys),
    )
    changes = {f"new_{name}": value for name, value in update.changes.items()}
    await conn.execute(query, update.same | changes)


async def _left(conn: Conn, table: Table) -> int:
    query = SQL(statement("count_stale_rows")).format(table=Identifier(table.name), stale=table.stale())
    row = await (await conn.execute(query, {"key_id": sealer().key_id}, prepare=False)).fetchone()
    return int(row["n"]) if row else 0


async def _writers(conn: Conn) -> dict[str, int]:
    rows = await conn.execute(statement("other_writers"), {"key_id": sealer().key_id})
    return {row["key_id"]: row["n"] for row in await rows.fetchall()}
