"""The table of vectors: made by the first worker whose langgraph.json asks for semantic search."""

from __future__ import annotations

from psycopg import InternalError, NotSupportedError, ProgrammingError
from psycopg.errors import FeatureNotSupported, InsufficientPrivilege, UndefinedFile

from holdfast_server.db.pool import Connections
from holdfast_server.db.statements import statement
from holdfast_server.memory.errors import NoVectors

# "memo" in ASCII: one process makes the table.
_LOCK = 0x6D656D6F


async def ensure_vectors(pool: Connections, dims: int) -> None:
    """Makes sure that vectors of so many dimensions can be stored; safe to call from any number of processes.

    Raises:
        NoVectors: pgvector is not there, or the table holds vectors of other dimensions.
    """
    try:
        found = await _made(pool, dims)
    except (FeatureNotSupported, UndefinedFile):
        raise NoVectors(
            "semantic search needs pgvector, which this PostgreSQL server does not have; install it there"
        ) from None
    except InsufficientPrivilege:
        raise NoVectors(
            "semantic search needs pgvector and the owner of the schema may not enable it; let an "
            "administrator run `create extension vector` in this database"
        ) from None
    except (ProgrammingError, NotSupportedError, InternalError) as error:
        raise NoVectors(f"semantic search cannot be set up: {str(error).strip()}") from None
    if found != dims:
        raise NoVectors(
            f"store.index.dims is {dims} and the stored vectors have {found}; set it back, or drop "
            "the table holdfast.store_vectors, restart the workers, and put the items again"
        )


async def _made(pool: Connections, dims: int) -> int:
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        await conn.execute(statement("make_vectors"), {"dims": dims})
        row = await (await conn.execute(statement("vector_dims"))).fetchone()
    return int(row["dims"]) if row else 0
