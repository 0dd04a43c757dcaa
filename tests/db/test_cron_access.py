"""Crons under a gatekeeper: each caller has its own, and its runs are the caller's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import Action, Resource
from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible, visible_under
from holdfast_server.api.app import make_app
from holdfast_server.db.pool import Pool
from holdfast_server.errors import ApiError
from holdfast_server.runs.assistant import default_assistant_id
from holdfast_server.settings import Settings
from holdfast_server.workers.rescuer import Rescuer
from holdfast_server.workers.scheduler import Scheduler

CRON: dict[str, Any] = {"assistant_id": "g", "schedule": "0 0 1 1 *", "on_run_completed": "keep"}


class OwnersOnly:
    """Everybody owns what they make and sees nothing else; `idle` may not run anything."""

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        name = connection.headers.get("x-name", "")
        acting = connection.headers.get("x-acting", name)
        return Principal(user={"identity": name}, configurable={"langgraph_auth_user_id": acting})

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        name = (caller.user or {})["identity"]
        if action == "create_run" and name == "idle":
            raise ApiError(403, "Forbidden")
        if action in ("create", "create_run", "update"):
            value.setdefault("metadata", {})["owner"] = name
        return visible_under({"owner": name})


@pytest.fixture
async def door(database: str, pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """The API behind that gatekeeper."""
    async with pool.connection() as conn:
        await conn.execute("insert into graph (graph_id) values ('g')")
        await conn.execute(
            "insert into assistant (assistant_id, graph_id, name, metadata)"
            """ values (%s, 'g', 'g', '{"created_by": "system"}')""",
            [default_assistant_id("g")],
        )
    app = make_app(Settings(database_url=database), companion=Rescuer, gatekeeper=OwnersOnly())
    async with app.router.lifespan_context(app), _client(app) as client:
        yield client


@asynccontextmanager
async def _client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        yield client


ADA, BOB, IDLE = ({"x-name": name} for name in ("ada", "bob", "idle"))


@pytest.mark.behaviour("access.crons")
async def test_a_cron_belongs_to_who_made_it(door: httpx.AsyncClient) -> None:
    cron = (await door.post("/runs/crons", json=CRON, headers=ADA)).json()
    assert (cron["user_id"], cron["metadata"]) == ("ada", {"owner": "ada"})
    one = f"/runs/crons/{cron['cron_id']}"
    attempts: list[tuple[str, str, Any]] = [
        ("GET", one, None), ("PATCH", one, {"schedule": "* * * * *"}), ("PATCH", one, {"input": {}}),
        ("DELETE", one, None), ("GET", f"/holdfast/crons/{cron['cron_id']}/firings", None),
    ]  # fmt: skip
    for verb, path, body in attempts:
        assert (await door.request(verb, path, json=body, headers=BOB)).status_code == 404
    for who, seen in ((ADA, [cron]), (BOB, [])):
        assert (await door.post("/runs/crons/search", json={}, headers=who)).json() == seen
        assert (await door.post("/runs/crons/count", json={}, headers=who)).json() == len(seen)
    assert (await door.patch(one, json={"enabled": False}, headers=ADA)).json()["enabled"] is False
    assert (await door.delete(one, headers=ADA)).status_code == 204


async def test_nobody_makes_a_cron_on_a_thread_they_cannot_see(door: httpx.AsyncClient) -> None:
    thread = (await door.post("/threads", json={}, headers=ADA)).json()["thread_id"]
    path = f"/threads/{thread}/runs/crons"
    assert (await door.post(path, json=CRON, headers=BOB)).status_code == 404
    assert (await door.post(path, json=CRON, headers=ADA)).status_code == 200


async def test_who_may_not_run_may_not_let_the_clock_run_for_them(door: httpx.AsyncClient) -> None:
    assert (await door.post("/runs/crons", json=CRON, headers=IDLE)).status_code == 403
    assert (await door.post("/runs/crons/count", json={}, headers=IDLE)).json() == 0


@pytest.mark.behaviour("access.crons-run-as-their-maker")
async def test_what_a_cron_starts_is_its_makers(door: httpx.AsyncClient, pool: Pool) -> None:
    await door.post("/runs/crons", json=CRON, headers=ADA)
    async with pool.connection() as conn:
        await conn.execute("update cron set next_run_date = now()")
    await Scheduler(pool).tick()
    (thread,) = (await door.post("/threads/search", json={}, headers=ADA)).json()
    assert (await door.post("/threads/search", json={}, headers=BOB)).json() == []
    (run,) = (await door.get(f"/threads/{thread['thread_id']}/runs", headers=ADA)).json()
    assert run["metadata"]["owner"] == "ada"
    async with pool.connection() as conn:
        row = await (await conn.execute("select kwargs, principal from run")).fetchone()
    assert row is not None
    assert row["kwargs"]["brought"] == {"langgraph_auth_user_id": "ada"}
    assert row["principal"]["how"] == "schedule"


async def test_who_says_what_a_cron_runs_is_who_it_runs_as(door: httpx.AsyncClient, pool: Pool) -> None:
    cron = (await door.post("/runs/crons", json=CRON, headers=ADA)).json()
    one = f"/runs/crons/{cron['cron_id']}"
    for change, maker in (({"enabled": True}, "ada"), ({"input": {"x": 2}}, "carl")):
        changed = await door.patch(one, json=change, headers={**ADA, "x-acting": "carl"})
        assert changed.status_code == 200, changed.text
        async with pool.connection() as conn:
            row = await (await conn.execute("select configurable from cron")).fetchone()
        assert row is not None
        assert row["configurable"] == {"langgraph_auth_user_id": maker}


async def test_webhooks_are_listed_for_who_sees_their_thread(door: httpx.AsyncClient, pool: Pool) -> None:
    async with pool.connection() as conn:
        await conn.execute(
            "insert into webhook (run_id, thread_id, url, run, metadata) values"
            """ (gen_random_uuid(), gen_random_uuid(), 'http://x/', '{}', '{"owner": "ada"}')"""
        )
    assert len((await door.get("/holdfast/webhooks", headers=ADA)).json()) == 1
    assert (await door.get("/holdfast/webhooks", headers=BOB)).json() == []
