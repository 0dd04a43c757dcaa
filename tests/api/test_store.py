"""Long-term memory through the API, by the official client and by bare HTTP."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from api.scene import Client


@pytest.fixture
def space() -> list[str]:
    """A namespace of this test alone."""
    return ["tests", uuid4().hex]


async def keys(client: Client, space: list[str], **options: Any) -> set[str]:
    found = await client.store.search_items(space, **options)
    return {item["key"] for item in found["items"]}


@pytest.mark.behaviour("store.item")
async def test_an_item_comes_back_as_it_was_put(client: Client, space: list[str]) -> None:
    value = {"text": "ünïcode ☃", "deep": {"list": [1, 2.5, None, True, {"x": []}]}, "big": 2**60}
    await client.store.put_item(space, key="a key/with:all.sorts", value=value)
    item = await client.store.get_item(space, key="a key/with:all.sorts")
    assert item["value"] == value
    assert item["namespace"] == space
    assert item["key"] == "a key/with:all.sorts"
    assert item["created_at"] <= item["updated_at"]
    assert set(item) == {"namespace", "key", "value", "created_at", "updated_at"}


@pytest.mark.behaviour("store.put-replaces")
async def test_a_second_put_replaces_the_value_and_keeps_when_it_was_made(
    client: Client, space: list[str]
) -> None:
    await client.store.put_item(space, key="k", value={"n": 1, "old": True})
    first = await client.store.get_item(space, key="k")
    await client.store.put_item(space, key="k", value={"n": 2})
    second = await client.store.get_item(space, key="k")
    assert second["value"] == {"n": 2}
    assert second["created_at"] == first["created_at"]
    assert second["updated_at"] > first["updated_at"]


@pytest.mark.behaviour("store.missing-item-is-null", "store.delete-is-204")
async def test_a_missing_item_is_null_and_can_be_deleted(http: httpx.AsyncClient) -> None:
    response = await http.get("/store/items", params={"namespace": "no.such", "key": "k"})
    assert (response.status_code, response.json()) == (200, None)
    response = await http.request("DELETE", "/store/items", json={"namespace": ["no"], "key": "k"})
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.behaviour("store.delete")
async def test_a_deleted_item_is_gone(client: Client, space: list[str]) -> None:
    await client.store.put_item(space, key="k", value={})
    await client.store.delete_item(space, key="k")
    assert await client.store.get_item(space, key="k") is None


@pytest.mark.behaviour("store.search-below-prefix")
async def test_a_search_sees_the_namespace_and_all_below_it_and_nothing_beside(
    client: Client, space: list[str]
) -> None:
    beside = [*space[:-1], space[-1] + "x"]
    for names in (space, [*space, "a"], [*space, "a", "b_1"], [*space, "a", "bX1"], beside):
        await client.store.put_item(names, key="/".join(names[2:]) or names[1], value={})
    assert await keys(client, space) == {space[-1], "a", "a/b_1", "a/bX1"}
    assert await keys(client, [*space, "a", "b_1"]) == {"a/b_1"}
    assert len(await keys(client, space, limit=3)) == 3
    assert len(await keys(client, space, limit=3, offset=3)) == 1
    shown = (await client.store.search_items(space))["items"][0]
    assert shown["score"] is None
    assert set(shown) == {"namespace", "key", "value", "created_at", "updated_at", "score"}


@pytest.mark.behaviour("store.filters")
@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ({"n": 9}, {"nine"}),
        ({"n": {"$eq": 9}}, {"nine"}),
        ({"n": {"$ne": 9}}, {"ten", "text", "none"}),
        ({"n": {"$gt": 9}}, {"ten"}),
        ({"n": {"$gte": 9}}, {"nine", "ten"}),
        ({"n": {"$lt": 10}}, {"nine"}),
        ({"n": {"$lte": 10}}, {"nine", "ten"}),
        ({"n": {"$gt": 1, "$lt": 10}}, {"nine"}),
        ({"n": {"$gte": "9"}}, {"text"}),
        ({"deep": {"a": 1}}, {"nine"}),
        ({"deep": {"a": {"b": 2}}}, {"ten"}),
        ({"n": 9, "deep": {"a": {"b": 2}}}, set()),
        ({}, {"nine", "ten", "text", "none"}),
    ],
)
async def test_filters_compare_by_type_also_where_items_lack_the_field(
    client: Client, space: list[str], filter_: dict[str, Any], found: set[str]
) -> None:
    items: dict[str, dict[str, Any]] = {
        "nine": {"n": 9, "deep": {"a": 1, "c": 3}},
        "ten": {"n": 10, "deep": {"a": {"b": 2}}},
        "text": {"n": "9"},
        "none": {"other": 1},
    }
    for key, value in items.items():
        await client.store.put_item(space, key=key, value=value)
    assert await keys(client, space, filter=filter_) == found


@pytest.mark.behaviour("store.namespaces")
async def test_namespaces_are_listed_by_prefix_suffix_and_depth(client: Client, space: list[str]) -> None:
    for tail in (["a", "x"], ["a", "y"], ["b", "x", "deep"]):
        await client.store.put_item([*space, *tail], key="k", value={})

    async def listed(**options: Any) -> list[list[str]]:
        answer = await client.store.list_namespaces(**{"prefix": space, **options})
        return [names[2:] for names in answer["namespaces"]]

    assert await listed() == [["a", "x"], ["a", "y"], ["b", "x", "deep"]]
    assert await listed(max_depth=3) == [["a"], ["b"]]
    assert await listed(suffix=["x"]) == [["a", "x"]]
    assert await listed(prefix=[*space, "*", "x"]) == [["a", "x"], ["b", "x", "deep"]]
    assert await listed(limit=1, offset=1) == [["a", "y"]]


WRONG: list[tuple[str, str, dict[str, Any], int]] = [
    ("PUT", "items", {"namespace": ["a.b"], "key": "k", "value": {}}, 422),
    ("PUT", "items", {"namespace": [""], "key": "k", "value": {}}, 422),
    ("PUT", "items", {"namespace": [], "key": "k", "value": {}}, 400),
    ("PUT", "items", {"namespace": ["langgraph", "x"], "key": "k", "value": {}}, 400),
    ("PUT", "items", {"namespace": "a", "key": "k", "value": {}}, 422),
    ("PUT", "items", {"namespace": ["a"], "key": "k"}, 422),
    ("PUT", "items", {"namespace": ["a"], "key": "k", "value": [1]}, 422),
    ("PUT", "items", {"namespace": ["a"], "key": "k", "value": {"x": "\x00"}}, 422),
    ("PUT", "items", {"namespace": ["a\x00"], "key": "k", "value": {}}, 422),
    ("PUT", "items", {"namespace": ["a"], "key": "\x00", "value": {}}, 422),
    ("PUT", "items", {"namespace": ["a"], "key": "k", "value": {}, "ttl": 0}, 422),
    ("PUT", "items", {"namespace": ["a"], "key": "k", "value": {}, "ttl": 1e300}, 422),
    ("PUT", "items", {"namespace": ["a"], "key": "k", "value": {}, "index": True}, 422),
    ("PUT", "items", {}, 422),
    ("GET", "items?namespace=a", {}, 400),
    ("GET", "items?namespace=a..b&key=k", {}, 422),
    ("GET", "items?key=k", {}, 400),
    ("DELETE", "items", {}, 422),
    ("DELETE", "items", {"namespace": ["a.b"], "key": "k"}, 422),
    ("POST", "items/search", {"namespace_prefix": ["a.b"]}, 422),
    ("POST", "items/search", {"filter": {"n": {"$near": 1}}}, 422),
    ("POST", "items/search", {"filter": {"n": {"$gt": "\x00"}}}, 422),
    ("POST", "items/search", {"filter": {"\x00": 1}}, 422),
    ("POST", "items/search", {"query": "\x00"}, 422),
    ("POST", "items/search", {"limit": -1}, 422),
    ("POST", "namespaces", {"max_depth": 0}, 422),
    ("POST", "namespaces", {"prefix": ["a", ""]}, 422),
    ("POST", "namespaces", {"suffix": ["a.b"]}, 422),
]


@pytest.mark.behaviour("store.refusals")
@pytest.mark.parametrize(("method", "path", "body", "status"), WRONG)
async def test_a_wrong_question_is_refused_in_one_sentence(
    http: httpx.AsyncClient, method: str, path: str, body: dict[str, Any], status: int
) -> None:
    response = await http.request(method, f"/store/{path}", json=body)
    assert response.status_code == status, response.text
    assert list(response.json()) == ["detail"]


@pytest.mark.behaviour("store.search-needs-nothing")
async def test_a_search_and_a_list_need_no_field_at_all(http: httpx.AsyncClient) -> None:
    assert isinstance((await http.post("/store/items/search", json={})).json()["items"], list)
    assert isinstance((await http.post("/store/namespaces", json={})).json()["namespaces"], list)


@pytest.mark.parametrize("key", ["\ud83d\ude00" * 3, "k" * 1900, "%_\\'\"", " "])
async def test_odd_keys_are_keys(http: httpx.AsyncClient, space: list[str], key: str) -> None:
    key = key.encode("utf-16", "surrogatepass").decode("utf-16")
    put = await http.put("/store/items", json={"namespace": space, "key": key, "value": {"n": 1}})
    assert put.status_code == 204, put.text
    got = await http.get("/store/items", params={"namespace": ".".join(space), "key": key})
    assert got.json()["value"] == {"n": 1}


async def test_a_key_that_no_index_can_hold_is_refused_at_once(
    http: httpx.AsyncClient, space: list[str]
) -> None:
    body = {"namespace": space, "key": "".join(uuid4().hex for _ in range(120)), "value": {}}
    response = await http.put("/store/items", json=body)
    assert response.status_code == 422
    assert "2000 bytes" in response.json()["detail"]


@pytest.mark.behaviour("store.namespace-encodings")
async def test_a_namespace_comes_in_three_encodings(http: httpx.AsyncClient, space: list[str]) -> None:
    await http.put("/store/items", json={"namespace": space, "key": "k", "value": {"n": 1}})
    for names in (".".join(space), list(space), f'["{space[0]}","{space[1]}"]'):
        got = await http.get("/store/items", params={"namespace": names, "key": "k"})
        assert got.json()["value"] == {"n": 1}, names


async def test_many_callers_at_once_get_each_their_own(client: Client, space: list[str]) -> None:
    async def one(n: int) -> int:
        await client.store.put_item(space, key=str(n), value={"n": n})
        return int((await client.store.get_item(space, key=str(n)))["value"]["n"])

    assert await asyncio.gather(*(one(n) for n in range(60))) == list(range(60))
    assert len(await keys(client, space, limit=100)) == 60


@pytest.mark.behaviour("store.in-graphs")
async def test_a_graph_remembers_in_every_way_it_can(client: Client) -> None:
    user, fact = uuid4().hex, {"user": "", "text": "likes tea"}
    fact["user"] = user
    ended = await client.runs.wait(None, "memory", input={"user": user, "fact": fact})
    assert ended["seen"] == {
        "runtime": {"fact": fact},
        "sync": {"fact": fact},
        "tool": {"text": "likes tea"},
        "subgraph": {"fact": fact},
    }
    item = await client.store.get_item(["graphs", "memory", user], key="tool")
    assert item["value"] == {"text": "likes tea"}


async def test_many_runs_share_the_store(client: Client) -> None:
    users = [uuid4().hex for _ in range(12)]
    runs = [
        client.runs.wait(None, "memory", input={"user": user, "fact": {"user": user, "text": user}})
        for user in users
    ]
    for user, ended in zip(users, await asyncio.gather(*runs), strict=True):
        assert ended["seen"]["tool"] == {"text": user}


@pytest.mark.behaviour("store.own-store-stays")
async def test_a_graph_with_a_store_of_its_own_keeps_it(client: Client) -> None:
    ended = await client.runs.wait(None, "own_store", input={"user": "x"})
    assert ended["seen"] == {"store": "InMemoryStore"}
