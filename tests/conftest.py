"""A real PostgreSQL for every test that asks: one server a session, one fresh database a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
import sealed

from holdfast_server.db.embedded import embedded_postgres
from holdfast_server.db.migrate import migrate
from holdfast_server.db.pool import Conn, Pool, connect, make_pool

_numbers = count(1)

if sealed.EVERYWHERE:
    sealed.seal_this_process()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server of our own.

    Not below pytest's folder: a second session as root closes that to the user PostgreSQL runs as.
    """
    with TemporaryDirectory(prefix="holdfast-pg-") as folder, embedded_postgres(Path(folder)) as url:
        yield url


@pytest.fixture(scope="session")
def template(postgres: str) -> str:
    """A migrated database that tests copy."""
    with psycopg.connect(postgres, autocommit=True) as conn:
        conn.execute("create database house")
    asyncio.run(migrate(_named(postgres, "house")))
    return postgres


@pytest.fixture
def database(template: str) -> Iterator[str]:
    """The URL of a fresh database with our schema."""
    name = f"house_{next(_numbers)}"
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute(f"create database {name} template house")
    yield _named(template, name)
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute(f"drop database {name} with (force)")


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """An open pool on a fresh database."""
    async with make_pool(database, size=16, name="test", role="holdfast_system", tenant="default") as pool:
        yield pool


def _named(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def app_folder() -> Path:
    """The langgraph.json and the graphs that the tests serve."""
    return Path(__file__).parent / "app"


@pytest.fixture
async def owner(database: str) -> AsyncIterator[Conn]:
    """A connection that owns the fresh database, for what the application may not do."""
    async with await connect(database, name="owner", role=None) as conn:
        yield conn
