"""`holdfast keys create | list | revoke | rotate`: straight in the database; the first key needs none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click
from psycopg import Error
from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.access.key_ring import KeyRing, Rights
from holdfast_server.access.permissions import ROLES
from holdfast_server.access.tenant import DEFAULT, tenant_named
from holdfast_server.config.app import read_config
from holdfast_server.db.embedded import reached_postgres
from holdfast_server.db.migrate import check_migrated, migrate
from holdfast_server.db.pool import connect
from holdfast_server.duration import duration_of
from holdfast_server.errors import DatabaseError
from holdfast_server.options import F, config_option, data_dir_option, database_option
from holdfast_server.settings import Settings

T = TypeVar("T")


def _duration(_: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    try:
        return None if value is None else duration_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from None


def _lifetime(context: click.Context, param: click.Parameter, value: str | None) -> timedelta | None:
    found = _duration(context, param, value)
    if found is not None and not found:
        raise click.BadParameter("a key must live for a while", param=param)
    return found


def _tenant(_: click.Context, param: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else tenant_named(value)
    except ValueError as error:
        raise click.BadParameter(str(error), param=param) from None


def _printable(_: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (value.strip() and value.isprintable() and len(value) <= 100):
        raise click.BadParameter(f"{value!r} must be 1 to 100 letters in one line", param=param)
    return value


def _where(command: F) -> F:
    return database_option(data_dir_option(command))


@click.group()
def keys() -> None:
    """Makes, lists, revokes and rotates API keys. It needs the database, and no running server."""


@keys.command()
@click.option("--name", required=True, callback=_printable, help="What it is for, such as ci.")
@click.option("--role", "roles", required=True, multiple=True, help="A role; may be given several times.")
@click.option("--tenant", default=DEFAULT, show_default=True, callback=_tenant, help="Whose rows it sees.")
@click.option("--user", callback=_printable, help="Who acts with it.  [default: key:NAME]")
@click.option("--expires", callback=_lifetime, help="How long it lives: 90d.  [default: until revoked]")
@click.option("--rate-limit", type=click.IntRange(1, 2**31 - 1), help="Requests a minute.")
@config_option
@_where
def create(
    name: str,
    roles: tuple[str, ...],
    tenant: str,
    user: str | None,
    expires: timedelta | None,
    rate_limit: int | None,
    config: Path | None,
    database_url: str | None,
    data_dir: Path | None,
) -> None:
    """Makes a key and prints it: the only time that anybody sees it."""
    settings = Settings.from_environment(config=config, database_url=database_url, data_dir=data_dir)
    _check_roles(roles, settings, named=config is not None)
    rights = Rights(name, tuple(dict.fromkeys(roles)), tenant, user, rate_limit)
    key, row = _with_ring(settings, lambda ring: ring.create(rights, lifetime=expires))
    click.echo(key.text)
    until = _until(row["expires_at"])
    _hint(f"{key.prefix} for tenant {tenant}, {until}; keep it now, it is never shown again")


@keys.command("list")
@click.option("--tenant", callback=_tenant, help="Only this tenant's keys.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_where
def list_(tenant: str | None, as_json: bool, database_url: str | None, data_dir: Path | None) -> None:
    """Lists keys by the beginning that is shown; the secret part is nowhere."""
    settings = Settings.from_environment(database_url=database_url, data_dir=data_dir)
    rows = _with_ring(settings, lambda ring: ring.listed(tenant=tenant))
    if as_json:
        click.echo(json.dumps(wire.loads(wire.dumps(rows)), indent=2))
    else:
        click.echo(_table(rows) if rows else "no keys; make one with `holdfast keys create`")


@keys.command()
@click.argument("key")
@_where
def revoke(key: str, database_url: str | None, data_dir: Path | None) -> None:
    """Ends the key of this prefix or id at once. Streams that are open go on to their end."""
    settings = Settings.from_environment(database_url=database_url, data_dir=data_dir)
    ended, replaced = _with_ring(settings, lambda ring: ring.revoke(key))
    click.echo(f"revoked {ended['prefix']} ({ended['name']})")
    for old in replaced:
        _hint(f"{old['prefix']}, which it replaced, is valid {_until(old['expires_at'])}; revoke it too?")


@keys.command()
@click.argument("key")
@click.option(
    "--overlap", callback=_duration, default="0s", show_default=True, help="How long the old key lives on."
)
@click.option("--expires", callback=_lifetime, help="How long the new one lives.  [default: like the old]")
@_where
def rotate(
    key: str, overlap: timedelta, expires: timedelta | None, database_url: str | None, data_dir: Path | None
) -> None:
    """Makes a new key with the rights of this one and prints it; the old one dies after the overlap."""
    settings = Settings.from_environment(database_url=database_url, data_dir=data_dir)
    new, row = _with_ring(settings, lambda ring: ring.rotate(key, overlap=overlap, lifetime=expires))
    click.echo(new.text)
    old = f"lives {_until(row['dies_at'])}" if overlap else "is dead"
    _hint(f"{new.prefix}, {_until(row['expires_at'])}; the old key {old}")


def _check_roles(roles: Sequence[str], settings: Settings, *, named: bool) -> None:
    own = read_config(settings.config).house.access.roles if named or settings.config.exists() else {}
    known = [*ROLES, *own]
    if unknown := [role for role in roles if role not in known]:
        raise click.BadParameter(
            f"there is no role {unknown[0]!r}; roles are {', '.join(known)}", param_hint="--role"
        )


def _with_ring(settings: Settings, work: Callable[[KeyRing], Awaitable[T]]) -> T:
    with _database(settings) as (url, is_ours):
        return asyncio.run(_worked(url, work, is_ours=is_ours))


@contextmanager
def _database(settings: Settings) -> Iterator[tuple[str, bool]]:
    """The URL, and whether it is an embedded database."""
    if settings.database_url:
        yield settings.database_url, False
        return
    with reached_postgres(settings.data_dir) as url:
        yield url, True


async def _worked(url: str, work: Callable[[KeyRing], Awaitable[T]], *, is_ours: bool) -> T:
    try:
        await check_migrated(url)
    except DatabaseError:
        if not is_ours:
            raise
        # Nobody can run `holdfast migrate` on an embedded database.
        await migrate(url)
    try:
        async with await connect(url, name="keys", role=None) as conn:
            return await work(KeyRing(conn))
    except Error as error:
        raise DatabaseError(f"PostgreSQL refuses: {str(error).strip().splitlines()[0]}") from None


def _table(rows: Sequence[DictRow]) -> str:
    head = ("PREFIX", "NAME", "TENANT", "USER", "ROLES", "LIMIT", "EXPIRES", "LAST USE", "STATE")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cells(row: DictRow) -> tuple[str, ...]:
    limit = f"{row['rate_limit']}/min" if row["rate_limit"] else "-"
    state = f"replaced by {row['replaced_by']}" if row["state"] == "replaced" else row["state"]
    return (
        row["prefix"], row["name"], row["tenant"], row["user_id"] or "-", ",".join(row["roles"]), limit,
        _moment(row["expires_at"], "never"), _moment(row["last_used_at"], "never"), state,
    )  # fmt: skip


def _moment(when: datetime | None, otherwise: str) -> str:
    return when.strftime("%Y-%m-%d %H:%M") if when else otherwise


def _until(when: datetime | None) -> str:
    return f"until {_moment(when, '')} UTC" if when else "until it is revoked"


def _hint(line: str) -> None:
    click.echo(f"holdfast: {line}", err=True)
