"""Long-term memory under a gatekeeper: refused, or moved to a namespace of the caller's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import Action, Gatekeeper, Resource
from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible, visible_under
from holdfast_server.api.app import make_app
from holdfast_server.errors import ApiError
from holdfast_server.memory.store import Memory
from holdfast_server.settings import Settings
from holdfast_server.workers.desk import Desk
from holdfast_server.workers.librarian import StoreSubject
from holdfast_server.workers.rescuer import Rescuer


class Landlord:
    """Everybody lives below a namespace of their own name; `mallory` may read only."""

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        return Principal(user={"identity": connection.headers["x-user"]})

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        user = str((caller.user or {})["identity"])
        if resource != "store" or (user == "mallory" and action in ("put", "delete")):
            raise ApiError(403, "Forbidden")
        value["namespace"] = (user, *value["namespace"])
        return ['{"owner": "nobody"}']


class Porter(Landlord):
    """Lets in who names a namespace of their own."""

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        return visible_under({"namespace": {"$contains": (caller.user or {})["identity"]}})


@asynccontextmanager
async def house(database: str, gatekeeper: Gatekeeper | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """An API with somebody at its door, the landlord unless said, and a librarian."""
    settings = Settings(database_url=database)
    app = make_app(settings, companion=Rescuer, gatekeeper=gatekeeper or Landlord())
    desk = Desk(settings, worker_id=uuid4(), subject=StoreSubject(Memory()))
    desk.start()
    try:
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://house") as http,
        ):
            yield http
    finally:
        desk.stop()


@pytest.mark.behaviour("access.store-namespaces")
async def test_callers_meet_only_their_own_items(database: str) -> None:
    ada, bob, mallory = [{"x-user": name} for name in ("ada", "bob", "mallory")]
    item = {"namespace": ["notes"], "key": "k", "value": {"by": "ada"}}
    of_item = {"namespace": "notes", "key": "k"}
    async with house(database) as http:
        assert (await http.put("/store/items", json=item, headers=ada)).status_code == 204
        found = (await http.get("/store/items", params=of_item, headers=ada)).json()
        assert (found["namespace"], found["value"]) == (["ada", "notes"], {"by": "ada"})
        assert (await http.get("/store/items", params=of_item, headers=bob)).json() is None
        assert (await http.post("/store/items/search", json={}, headers=bob)).json() == {"items": []}
        listed = (await http.post("/store/namespaces", json={}, headers=ada)).json()
        assert listed == {"namespaces": [["ada", "notes"]]}
        assert (await http.post("/store/namespaces", json={}, headers=bob)).json() == {"namespaces": []}
        assert (await http.put("/store/items", json=item, headers=mallory)).status_code == 403
        gone = {"namespace": ["notes"], "key": "k"}
        assert (await http.request("DELETE", "/store/items", json=gone, headers=bob)).status_code == 204
        assert (await http.get("/store/items", params=of_item, headers=ada)).json() is not None


async def test_nobody_prunes_or_measures_what_they_may_not_see(database: str) -> None:
    async with house(database) as http:
        headers = {"x-user": "ada"}
        body = {"thread_ids": [str(uuid4())]}
        assert (await http.post("/threads/prune", json=body, headers=headers)).status_code == 403
        assert (await http.get(f"/threads/{uuid4()}/storage", headers=headers)).status_code == 403


async def test_a_filter_on_the_namespace_is_kept(database: str) -> None:
    ada, bob = {"x-user": "ada"}, {"x-user": "bob"}
    item = {"namespace": ["ada", "notes"], "key": "k", "value": {}}
    of_item = {"namespace": "ada.notes", "key": "k"}
    async with house(database, Porter()) as http:
        assert (await http.put("/store/items", json=item, headers=ada)).status_code == 204
        assert (await http.get("/store/items", params=of_item, headers=ada)).json()["key"] == "k"
        for refused in (
            await http.get("/store/items", params=of_item, headers=bob),
            await http.put("/store/items", json=item, headers=bob),
            await http.post("/store/items/search", json={"namespace_prefix": ["ada"]}, headers=bob),
            await http.post("/store/namespaces", json={"prefix": ["ada"]}, headers=bob),
        ):
            assert (refused.status_code, refused.json()) == (403, {"detail": "Forbidden"})
        for user, keys in ((ada, ["k"]), (bob, [])):
            everything = (await http.post("/store/items/search", json={}, headers=user)).json()
            assert [found["key"] for found in everything["items"]] == keys
        listed = (await http.post("/store/namespaces", json={}, headers=bob)).json()
        assert listed == {"namespaces": []}
