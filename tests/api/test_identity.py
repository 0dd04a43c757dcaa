"""Who calls: keys, tokens of an identity provider and the `auth` handler, all in one house."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from api.access import PUBLIC
from identity_provider import IdentityProvider, SigningKey, identity_provider
from langgraph_sdk import get_client
from langgraph_sdk.errors import AuthenticationError
from stack import Stack
from websockets.asyncio.client import connect as dial
from websockets.exceptions import ConnectionClosed, InvalidStatus

from holdfast_server.access.key_ring import KeyRing, Rights
from holdfast_server.db.pool import connect

HANDLER = """
from langgraph_sdk import Auth

auth = Auth()


@auth.authenticate
async def authenticate(authorization: str | None) -> dict:
    kind, _, name = (authorization or "").removeprefix("Bearer ").partition("-")
    if kind != "person":
        raise Auth.exceptions.HTTPException(status_code=401, detail="The handler knows no such person")
    org = {"id": name if name == "acme" else "default"}
    return {"identity": name, "org": org, "role": "developer viewer"}


@auth.on
async def own(ctx: Auth.types.AuthContext, value: dict) -> dict:
    value.setdefault("metadata", {})["owner"] = f"{ctx.user.identity} {','.join(ctx.permissions[:1])}"
    return {"owner": value["metadata"]["owner"]}


@auth.on.store
async def shelf(ctx: Auth.types.AuthContext, value: dict) -> None:
    value["namespace"] = (ctx.user.identity, *(value.get("namespace") or ()))
"""
CLAIMED = ("user_id", "langgraph_auth_user", "langgraph_auth_user_id", "langgraph_auth_permissions")
ADA = {"authorization": "Bearer person-ada"}


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(
    template: str, app_folder: Path, provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """A stack that knows every source."""
    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_identity template house")
    folder = tmp_path_factory.mktemp("identity")
    (folder / "auth.py").write_text(HANDLER)
    login = {
        "issuer": provider.url, "audience": "holdfast", "claims": {"tenant": "org", "roles": "groups"},
        "roles": {"hf-admins": "admin"}, "default_roles": ["developer"],
    }  # fmt: skip
    access = {"keys": True, "oidc": [login], "handler": {"tenant": "org.id", "roles": "role"}}
    graphs = {name: f"{app_folder / name}.py:graph" for name in ("echo", "slow", "told")}
    written = {
        "dependencies": [str(app_folder)], "graphs": graphs, "auth": {"path": "./auth.py:auth"},
        "holdfast": {"access": access},
    }  # fmt: skip
    (folder / "langgraph.json").write_text(json.dumps(written))
    url = template.replace("/postgres?", "/house_identity?")
    stack = await Stack.start(url, config=folder / "langgraph.json")
    yield stack
    print(stack.logs())
    await stack.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def http(house: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with house.http() as http:
        yield http


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ring(house: Stack) -> AsyncIterator[KeyRing]:
    async with await connect(house.database_url, name="test", role=None) as conn:
        yield KeyRing(conn)


@pytest_asyncio.fixture(loop_scope="session")
async def key(ring: KeyRing) -> str:
    """A key of the tenant `default`."""
    made, _ = await ring.create(Rights("ci", ("developer",), "default"))
    return made.text


async def told(http: httpx.AsyncClient, headers: dict[str, str]) -> Any:
    """What a run of this caller finds in its configurable."""
    body = {"assistant_id": "told", "input": {}, "config": {"configurable": dict.fromkeys(CLAIMED, "eve")}}
    answer = await http.post("/runs/wait", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found = answer.json()["told"]
    assert "eve" not in found.values(), "nobody says this of themselves"
    return found


async def refused(http: httpx.AsyncClient, headers: dict[str, str], words: str) -> None:
    answer = await http.post("/threads", json={}, headers=headers)
    assert answer.status_code == 401, answer.text
    assert words in answer.json()["detail"]


async def test_a_key_is_taken_in_both_headers(http: httpx.AsyncClient, key: str) -> None:
    for headers in (
        {"x-api-key": key},
        {"authorization": f"Bearer {key}"},
        {"authorization": f"bearer  {key}"},
    ):
        known = await told(http, headers)
        assert (known["user_id"], known["langgraph_auth_user_id"]) == ("key:ci", "key:ci")
        assert key not in json.dumps(known)


async def test_a_token_of_the_provider_is_taken(http: httpx.AsyncClient, provider: IdentityProvider) -> None:
    token = provider.token(sub="bob", org="default", groups=["hf-admins"], email="b@x.example")
    known = await told(http, {"authorization": f"Bearer {token}"})
    assert (known["user_id"], known["langgraph_auth_user_id"]) == ("bob", "bob")
    assert known["langgraph_auth_user"]["email"] == "b@x.example"
    assert "keys.manage" in known["langgraph_auth_permissions"]
    assert token not in json.dumps(known)


async def test_the_handler_knows_its_own(http: httpx.AsyncClient) -> None:
    known = await told(http, ADA)
    assert (known["user_id"], known["langgraph_auth_user"]["role"]) == ("ada", "developer viewer")


async def test_who_shows_several_things_is_the_holder_of_the_key(http: httpx.AsyncClient, key: str) -> None:
    assert (await told(http, ADA | {"x-api-key": key}))["user_id"] == "key:ci"
    # What no source of ours made is the handler's business: LangSmith's keys, those of Hugging Face.
    for foreign in ("lsv2_anything", "hf_" + "a" * 34):
        assert (await told(http, ADA | {"x-api-key": foreign}))["user_id"] == "ada"


async def test_what_one_source_refuses_no_other_takes(
    http: httpx.AsyncClient, key: str, provider: IdentityProvider
) -> None:
    await refused(http, {}, "The handler knows no such person")
    await refused(http, ADA | {"x-api-key": key[:-1]}, "There is no such API key")
    await refused(http, {"authorization": f"Bearer {key}x"}, "There is no such API key")
    expired = provider.token(org="default", exp=1)
    await refused(http, {"authorization": f"Bearer {expired}"}, "The token has expired")
    forged = provider.token(key=SigningKey.drawn("first"), org="default")
    await refused(http, {"authorization": f"Bearer {forged}"}, "The signature of the token is wrong")
    unknown = provider.token(org="default", iss="https://elsewhere.example")
    await refused(http, {"authorization": f"Bearer {unknown}"}, "The handler knows no such person")
    homeless = await http.post("/threads", json={}, headers={"authorization": f"Bearer {provider.token()}"})
    assert (homeless.status_code, homeless.json()["detail"]) == (
        403,
        "The token names no tenant: org is missing",
    )


async def test_on_handlers_rule_people_and_not_keys(
    http: httpx.AsyncClient, key: str, provider: IdentityProvider
) -> None:
    bob = {"authorization": f"Bearer {provider.token(sub='bob', org='default')}"}
    of_ada = (await http.post("/threads", json={}, headers=ADA)).json()
    of_bob = (await http.post("/threads", json={}, headers=bob)).json()
    assert of_bob["metadata"]["owner"] == "bob approvals.decide"
    assert (await http.get(f"/threads/{of_ada['thread_id']}", headers=bob)).status_code == 404
    for thread in (of_ada, of_bob):
        answer = await http.get(f"/threads/{thread['thread_id']}", headers={"x-api-key": key})
        assert answer.status_code == 200


async def test_tenants_do_not_see_each_other(
    http: httpx.AsyncClient, ring: KeyRing, key: str, provider: IdentityProvider
) -> None:
    thread = (await http.post("/threads", json={}, headers={"x-api-key": key})).json()
    made, _ = await ring.create(Rights("other", ("admin",), "acme"))
    token = provider.token(org="acme", groups=["hf-admins"])
    path = f"/threads/{thread['thread_id']}"
    for stranger in (
        {"x-api-key": made.text},
        {"authorization": f"Bearer {token}"},
        {"authorization": "Bearer person-acme"},
    ):
        assert (await http.get(path, headers=stranger)).status_code == 404
    assert (await http.get(path, headers={"x-api-key": key})).status_code == 200


async def test_public_routes_ask_nobody(http: httpx.AsyncClient) -> None:
    for method, path in sorted(PUBLIC):
        assert (await http.request(method, path)).status_code not in (401, 403), path
    assert (await http.get("/ok", headers={"x-api-key": "hf_aaaaaaaa_wrong"})).status_code == 200


async def test_the_last_use_is_noted(http: httpx.AsyncClient, ring: KeyRing, key: str) -> None:
    await http.get("/holdfast/queue", headers={"x-api-key": key})
    [row] = [row for row in await ring.listed() if row["prefix"] == key[:11]]
    assert row["last_used_at"] is not None


async def test_a_rotated_key_opens_for_both_until_the_overlap_is_over(
    http: httpx.AsyncClient, ring: KeyRing, key: str
) -> None:
    from datetime import timedelta

    new, _ = await ring.rotate(key, overlap=timedelta(hours=1))
    for text in (key, new.text):
        assert (await http.get("/holdfast/queue", headers={"x-api-key": text})).status_code == 200
    await ring.revoke(key)
    await refused(http, {"x-api-key": key}, f"The API key {key[:11]} was revoked")
    assert (await http.get("/holdfast/queue", headers={"x-api-key": new.text})).status_code == 200


async def test_the_official_client_comes_in_with_a_key(house: Stack, ring: KeyRing, key: str) -> None:
    async with get_client(url=house.url, api_key=key) as client:
        thread: Any = await client.threads.create()
        parts = [part async for part in client.runs.stream(thread["thread_id"], "echo", input={"x": 1})]
        assert parts[-1].data["x"] == 1
        await ring.revoke(key)
        with pytest.raises(AuthenticationError, match="was revoked"):
            await client.threads.get(thread["thread_id"])


async def test_a_stream_that_is_open_outlives_its_key(
    http: httpx.AsyncClient, ring: KeyRing, key: str
) -> None:
    headers = {"x-api-key": key}
    thread = (await http.post("/threads", json={}, headers=headers)).json()["thread_id"]
    body = {"assistant_id": "slow", "input": {"seconds": 0.5, "steps": 2}, "stream_mode": "values"}
    async with http.stream("POST", f"/threads/{thread}/runs/stream", json=body, headers=headers) as stream:
        lines = stream.aiter_lines()
        assert await anext(lines) == "event: metadata"
        await ring.revoke(key)
        await refused(http, headers, "was revoked")
        rest = [line async for line in lines]
    assert not [line for line in rest if line == "event: error"], rest


def socket_of(house: Stack) -> str:
    thread = "01a1fe20-0000-7000-8000-00000000feed"
    return f"{house.url.replace('http', 'ws')}/threads/{thread}/stream/events"


async def test_a_socket_opens_with_a_key_and_closes_at_the_next_command_after_its_end(
    house: Stack, ring: KeyRing, key: str
) -> None:
    for headers in ({}, {"x-api-key": key[:-1]}):
        with pytest.raises(InvalidStatus) as stranger:
            async with dial(socket_of(house), additional_headers=headers):
                pass
        assert stranger.value.response.status_code == 401
    subscribe = json.dumps({"id": 1, "method": "subscription.subscribe", "params": {"channels": ["values"]}})
    async with dial(socket_of(house), additional_headers={"x-api-key": key}) as socket:
        await socket.send(subscribe)
        assert json.loads(await socket.recv())["result"]["subscription_id"]
        await ring.revoke(key)
        await socket.send(subscribe)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "was revoked" in closed.value.rcvd.reason) == (1008, True)


async def test_a_provider_that_goes_away_locks_nobody_out(
    http: httpx.AsyncClient, provider: IdentityProvider
) -> None:
    headers = {"authorization": f"Bearer {provider.token(org='default')}"}
    assert (await http.get("/holdfast/queue", headers=headers)).status_code == 200
    provider.go_away()
    try:
        answers = await asyncio.gather(*(http.get("/holdfast/queue", headers=headers) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
    finally:
        provider.come_back()
