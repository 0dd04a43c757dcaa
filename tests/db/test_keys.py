"""API keys in the database: made, used, revoked, rotated, and seen by nobody twice."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner, Result
from psycopg.errors import InsufficientPrivilege

from holdfast_server.access.key_gate import KeyGate
from holdfast_server.access.key_ring import KeyRing, Rights
from holdfast_server.access.key_text import hashed
from holdfast_server.access.permissions import ROLES
from holdfast_server.access.principal import Principal
from holdfast_server.cli import cli
from holdfast_server.db.embedded import embedded_postgres
from holdfast_server.db.pool import Pool, make_pool
from holdfast_server.errors import ApiError, HoldfastError, KeyUnusable

CI = Rights("ci", ("operator", "deployer"), "acme", rate_limit=60)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Connections of the owner, who alone makes keys."""
    async with make_pool(database, size=12, name="test", role=None) as pool:
        yield pool


async def who(pool: Pool, text: str) -> Principal:
    return await KeyGate(pool, {"deployer": frozenset({"assistants.write"})}).who(text)


async def refusal(pool: Pool, text: str) -> str:
    with pytest.raises(ApiError) as refused:
        await who(pool, text)
    assert (refused.value.status, refused.value.headers) == (401, {"www-authenticate": "Bearer"})
    return refused.value.detail


async def made(pool: Pool, rights: Rights = CI, **options: Any) -> str:
    async with pool.connection() as conn:
        key, _ = await KeyRing(conn).create(rights, **options)
        return key.text


async def rotated(pool: Pool, text: str, overlap: timedelta, **options: Any) -> str:
    async with pool.connection() as conn:
        key, _ = await KeyRing(conn).rotate(text, overlap=overlap, **options)
        return key.text


async def listed(pool: Pool) -> dict[str, dict[str, Any]]:
    async with pool.connection() as conn:
        return {row["prefix"]: row for row in await KeyRing(conn).listed()}


async def aged(pool: Pool, column: str, by: str) -> None:
    async with pool.connection() as conn:
        moved = {
            "last_used_at": "update api_key set last_used_at = last_used_at - %s::interval",
            "expires_at": "update api_key set expires_at = expires_at - %s::interval",
        }
        await conn.execute(moved[column], [by])


async def test_a_key_acts_for_its_tenant_with_its_roles(pool: Pool) -> None:
    found = await who(pool, await made(pool))
    assert (found.tenant, found.user_id, found.how, found.rate_limit) == ("acme", "key:ci", "key", 60)
    assert found.permissions == ROLES["operator"] | {"assistants.write"}
    assert found.configurable["user_id"] == found.configurable["langgraph_auth_user_id"] == "key:ci"
    assert found.configurable["langgraph_auth_user"] == found.native.as_json() == found.user
    assert found.configurable["langgraph_auth_permissions"] == sorted(found.permissions)
    assert found.native.identity == "key:ci"
    of_a_person = await who(pool, await made(pool, Rights("laptop", ("viewer",), "default", user_id="ada")))
    assert (of_a_person.user_id, of_a_person.tenant, of_a_person.rate_limit) == ("ada", "default", None)
    assert found.key_id != of_a_person.key_id


async def test_a_role_that_is_gone_grants_nothing(pool: Pool) -> None:
    found = await who(pool, await made(pool, Rights("old", ("abolished",), "default")))
    assert found.permissions == frozenset()


async def test_the_database_knows_only_the_hash(pool: Pool) -> None:
    text = await made(pool)
    async with pool.connection() as conn:
        row = await (await conn.execute("select k::text as whole, hash from api_key k")).fetchone()
    assert row is not None
    assert text.rpartition("_")[2] not in row["whole"]
    assert row["hash"] == hashed(text)


async def test_every_key_that_is_not_exactly_right_is_unknown(pool: Pool) -> None:
    text = await made(pool)
    for wrong in (text[:-1], text + "x", text.swapcase(), text[:12] + "A" * 43, "hf_", text + "\udcff", ""):
        assert await refusal(pool, wrong) == "There is no such API key"


async def test_a_revoked_key_is_refused_at_once_and_stays_revoked(pool: Pool) -> None:
    text = await made(pool)
    assert await who(pool, text)
    async with pool.connection() as conn:
        for _ in range(2):
            ended, _ = await KeyRing(conn).revoke(text[:11])
    assert await refusal(pool, text) == f"The API key {ended['prefix']} was revoked"
    with pytest.raises(KeyUnusable, match="is revoked"):
        await rotated(pool, text, timedelta())


async def test_a_key_expires_by_the_clock_of_the_database(pool: Pool) -> None:
    text = await made(pool, lifetime=timedelta(hours=1))
    assert await who(pool, text)
    await aged(pool, "expires_at", "1 hour")
    assert (await refusal(pool, text)).startswith(f"The API key {text[:11]} expired at 20")
    with pytest.raises(KeyUnusable, match="has expired"):
        await rotated(pool, text, timedelta())


async def test_last_use_is_noted_once_a_minute(pool: Pool) -> None:
    text = await made(pool)
    assert (await listed(pool))[text[:11]]["last_used_at"] is None
    await who(pool, text)
    first = (await listed(pool))[text[:11]]["last_used_at"]
    assert datetime.now(UTC) - first < timedelta(minutes=1)
    await who(pool, text)
    assert (await listed(pool))[text[:11]]["last_used_at"] == first
    await aged(pool, "last_used_at", "61 seconds")
    await asyncio.gather(*(who(pool, text) for _ in range(10)))
    assert (await listed(pool))[text[:11]]["last_used_at"] > first


async def test_nobody_waits_to_note_a_use(pool: Pool) -> None:
    text = await made(pool)
    async with pool.connection() as conn, conn.transaction():
        await conn.execute("select from api_key for update")
        assert await asyncio.wait_for(who(pool, text), 5)


async def test_a_dead_key_is_not_used(pool: Pool) -> None:
    text = await made(pool)
    async with pool.connection() as conn:
        await KeyRing(conn).revoke(text)
    await refusal(pool, text)
    assert (await listed(pool))[text[:11]]["last_used_at"] is None


async def test_a_rotated_key_has_the_same_rights_and_the_old_one_dies(pool: Pool) -> None:
    old = await made(pool, lifetime=timedelta(days=30))
    new = await rotated(pool, old, timedelta())
    before, after = (await listed(pool))[old[:11]], (await listed(pool))[new[:11]]
    same = ("tenant", "name", "user_id", "roles", "rate_limit")
    assert [before[name] for name in same] == [after[name] for name in same]
    assert after["expires_at"] - after["created_at"] == pytest.approx(
        timedelta(days=30), abs=timedelta(seconds=5)
    )
    assert (before["state"], before["replaced_by"], after["state"]) == ("revoked", new[:11], "live")
    assert "was revoked" in await refusal(pool, old)
    assert (await who(pool, new)).permissions


async def test_both_keys_live_during_the_overlap(pool: Pool) -> None:
    old = await made(pool)
    new = await rotated(pool, old, timedelta(hours=24), lifetime=timedelta(days=1))
    assert (await who(pool, old)).key_id != (await who(pool, new)).key_id
    keys = await listed(pool)
    assert keys[old[:11]]["state"] == "replaced"
    assert keys[new[:11]]["expires_at"] is not None
    with pytest.raises(KeyUnusable, match="was replaced already"):
        await rotated(pool, old, timedelta())
    async with pool.connection() as conn:
        _, still = await KeyRing(conn).revoke(new)
    assert [key["prefix"] for key in still] == [old[:11]], "who revokes is told what else still opens"
    await aged(pool, "expires_at", "24 hours")
    assert "expired" in await refusal(pool, old)


async def test_an_overlap_makes_no_key_live_longer(pool: Pool) -> None:
    old = await made(pool, lifetime=timedelta(minutes=1))
    await rotated(pool, old, timedelta(days=9))
    assert (await listed(pool))[old[:11]]["expires_at"] < datetime.now(UTC) + timedelta(minutes=2)


async def test_of_many_rotations_at_once_one_wins(pool: Pool) -> None:
    old = await made(pool)
    results = await asyncio.gather(
        *(rotated(pool, old, timedelta(hours=1)) for _ in range(8)), return_exceptions=True
    )
    assert sum(isinstance(result, str) for result in results) == 1
    assert len(await listed(pool)) == 2


async def test_a_key_is_found_without_any_right_to_the_table(pool: Pool) -> None:
    text = await made(pool)
    async with pool.connection() as conn:
        await conn.execute("create role stranger_to_keys")
        try:
            async with conn.transaction(force_rollback=True):
                await conn.execute("grant usage on schema holdfast to stranger_to_keys")
                await conn.execute("create temporary table api_key (like holdfast.api_key)")
                await conn.execute("set local role stranger_to_keys")
                cursor = await conn.execute("select tenant from find_key(%s)", [hashed(text)])
                assert await cursor.fetchone() == {"tenant": "acme"}, "not the table that is in its way"
                with pytest.raises(InsufficientPrivilege):
                    await conn.execute("select hash from holdfast.api_key")
        finally:
            await conn.execute("drop role stranger_to_keys")


def command(database: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["keys", *arguments], env={"DATABASE_URL": database})


def test_the_command_prints_the_key_alone(database: str) -> None:
    created = command(
        database, "create", "--name", "ci", "--role", "viewer", "--role", "operator", "--expires", "90d"
    )
    assert created.exit_code == 0, created.output
    [text] = created.stdout.splitlines()
    assert len(text) == 55
    assert "never shown again" in created.stderr
    assert text not in created.stderr
    table, as_json = command(database, "list").stdout, command(database, "list", "--json").stdout
    [row] = json.loads(as_json)
    assert (row["prefix"], row["roles"], row["state"]) == (text[:11], ["viewer", "operator"], "live")
    assert "hash" not in row
    assert text[12:] not in table + as_json
    assert text[:11] in table
    [new] = command(database, "rotate", text[:11], "--overlap", "1h").stdout.splitlines()
    assert f"replaced by {new[:11]}" in command(database, "list").stdout
    revoked = command(database, "revoke", new)
    assert f"revoked {new[:11]} (ci)" in revoked.stdout
    assert f"{text[:11]}, which it replaced, is valid until" in revoked.stderr
    assert json.loads(command(database, "list", "--json", "--tenant", "other").stdout) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--role", "boss"], "there is no role 'boss'; roles are viewer, operator"),
        ([], "Missing option '--role'"),
        (["--role", "viewer", "--tenant", "a/b"], "is no name of a tenant"),
        (["--role", "viewer", "--expires", "soon"], "write it like 30m, 24h, 90d"),
        (["--role", "viewer", "--expires", "0s"], "a key must live for a while"),
        (["--role", "viewer", "--rate-limit", "0"], "is not in the range"),
        (["--role", "viewer", "--user", "a\nb"], "must be 1 to 100 letters in one line"),
        (["--role", "viewer", "--name", " "], "must be 1 to 100 letters in one line"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(database: str, arguments: list[str], sentence: str) -> None:
    made = command(database, "create", "--name", "ci", *arguments)
    assert made.exit_code == 2
    assert sentence in made.output
    assert "no keys" in command(database, "list").stdout


def test_roles_of_langgraph_json_count(database: str, tmp_path: Path) -> None:
    path = tmp_path / "langgraph.json"
    roles = {"deployer": ["assistants.write"]}
    path.write_text(json.dumps({"graphs": {"g": "./g.py:g"}, "holdfast": {"access": {"roles": roles}}}))
    made = command(database, "create", "--name", "cd", "--role", "deployer", "-c", str(path))
    assert made.exit_code == 0, made.output


def test_a_key_that_nobody_knows_is_one_line_and_shows_no_secret(database: str) -> None:
    pasted = "hf_aaaaaaaa_" + "s" * 43
    for verb in ("revoke", "rotate"):
        result = command(database, verb, pasted)
        assert isinstance(result.exception, HoldfastError)
        assert "no key is named 'hf_aaaaaaaa'" in str(result.exception)
        assert "sss" not in str(result.exception)


def test_the_embedded_database_is_reached_whether_it_runs_or_not() -> None:
    # Not below pytest's folder, as with `postgres`.
    with TemporaryDirectory(prefix="holdfast-keys-") as folder:
        data = Path(folder) / "data"
        assert "no database in" in keys_of(data, "list").stderr
        assert not data.exists(), "looking makes nothing"
        with embedded_postgres(data):
            made = keys_of(data, "create", "--name", "me", "--role", "admin")
            assert (made.returncode, len(made.stdout)) == (0, 56), made.stderr
        stopped = keys_of(data, "list", "--json")
        assert [key["name"] for key in json.loads(stopped.stdout)] == ["me"]
        assert not (data / "postgres" / "postmaster.pid").exists(), "and left as it was"


def keys_of(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, as the library for embedded servers remembers them in ours."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("DATABASE_URL")}
    command = [sys.executable, "-m", "holdfast_server", "keys", *arguments, "--data-dir", str(data)]
    return subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60, check=False)
