"""The table of vectors: made by the first worker whose langgraph.json asks for semantic search."""

from __future__ import annotations

from psycopg import InternalError, NotSupportedError, ProgrammingError
from psycopg.errors import FeatureNotSupported, InsufficientPrivilege, UndefinedFile
from psycopg.sql import SQL, Literal

from holdfast_server.db.pool import Pool
from holdfast_server.db.statements import statement
from holdfast_server.memory.errors import NoVectors

# "memo" in ASCII: one process makes the table.
_LOCK = 0x6D656D6F


async def ensure_vectors(pool: Pool, dims: int) -> None:
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
            "semantic search needs pgvector and this user may not enable it; let an administrator run "
            "`create extension vector` in this database"
        ) from None
    except (ProgrammingError, NotSupportedError, InternalError) as error:
        raise NoVectors(f"semantic search cannot be set up: {str(error).strip()}") from None
    if found != dims:
        raise NoVectors(
            f"store.index.dims is {dims} and the stored vectors have {found}; set it back, or drop "
            "the table holdfast.store_vectors, restart the workers, and put the items again"
        )


async def _made(pool: Pool, dims: int) -> int:
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        await conn.execute("create extension if not exists vector")
        # Dimensions are part of the type, where no parameter is allowed; they are a checked number.
        await conn.execute(SQL(statement("make_vectors")).format(dims=Literal(dims)), prepare=False)
        row = await (await conn.execute(statement("vector_dims"))).fetchone()
    return int(row["dims"]) if row else 0
