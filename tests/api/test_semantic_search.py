"""Search by meaning: with every kind of embedding, and where it cannot be had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from api.scene import Client
from stack import SESSION, running

APP = Path(__file__).parents[1] / "app" / "remembering"
TOLD = ["the cat sleeps on the sofa", "paris is the capital of france", "rust is a programming language"]


def config(folder: Path, **index: Any) -> Path:
    """A langgraph.json in this folder that asks for semantic search."""
    for name in ("embed.py", "graph.py"):
        (folder / name).write_text((APP / name).read_text())
    store = {"index": {"dims": 64, "embed": "./embed.py:words", **index}}
    path = folder / "langgraph.json"
    path.write_text(json.dumps({"dependencies": ["."], "graphs": {"g": "./graph.py:graph"}, "store": store}))
    return path


async def tell(client: Client) -> None:
    for n, text in enumerate(TOLD):
        await client.store.put_item(["facts"], key=str(n), value={"text": text, "n": n})


@pytest.mark.behaviour("store.search-by-meaning", "store.embed-forms")
@pytest.mark.parametrize("embed", ["./embed.py:words", "embed:words_object"])
async def test_what_means_most_alike_comes_first(database: str, tmp_path: Path, embed: str) -> None:
    async with running(database, config=config(tmp_path, embed=embed)) as stack, stack.client() as client:
        found: Client = client
        await tell(found)
        items = (await found.store.search_items(["facts"], query="capital of france"))["items"]
        assert items[0]["key"] == "1"
        assert len(items) == 3
        assert items[0]["score"] > items[1]["score"] >= items[2]["score"]
        one = await found.store.search_items(["facts"], query="capital of france", filter={"n": {"$lt": 1}})
        assert [item["key"] for item in one["items"]] == ["0"]
        ended = await found.runs.wait(None, "g", input={"space": "g", "told": TOLD, "query": "a sofa cat"})
        assert ended["found"] == [TOLD[0]]


@pytest.mark.behaviour("store.index-per-item")
async def test_an_item_is_embedded_as_it_says_and_never_found_by_what_it_was(
    database: str, tmp_path: Path
) -> None:
    options = config(tmp_path, embed="./embed.py:words_async", fields=["text"])
    async with running(database, config=options) as stack, stack.client() as client:
        put, search = client.store.put_item, client.store.search_items

        async def score(key: str, query: str) -> float | None:
            items = (await search(["a"], query=query, limit=100))["items"]
            return next((item["score"] for item in items if item["key"] == key), None)

        await put(["a"], key="field", value={"text": "alpha", "other": "omega"})
        await put(["a"], key="own", value={"text": "alpha", "other": "omega"}, index=["other"])
        await put(["a"], key="none", value={"text": "alpha"}, index=False)
        assert (await score("field", "alpha") or 0) > 0.9 > (await score("own", "alpha") or 0)
        assert (await score("own", "omega") or 0) > 0.9
        assert await score("none", "alpha") is None
        await put(["a"], key="field", value={"text": "beta"}, index=False)
        assert await score("field", "alpha") is None

        for text, why in (("explode", "the embedding service is away"), ("short", "dims is 64")):
            with pytest.raises(Exception, match=why):
                await put(["a"], key="bad", value={"text": text})
            assert await client.store.get_item(["a"], key="bad") is None
        with pytest.raises(Exception, match="the embedding service is away"):
            await search(["a"], query="explode")
        assert await score("own", "omega")


async def test_what_cannot_be_had_takes_nothing_else_down(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True, options=SESSION) as conn:
        conn.execute("create extension vector")
        conn.execute(
            "create table store_vectors (prefix text, key text, field_name text, embedding vector(3),"
            " created_at timestamptz, updated_at timestamptz, primary key (prefix, key, field_name))"
        )
    async with running(database, config=config(tmp_path)) as stack, stack.client() as client:
        await client.store.put_item(["a"], key="k", value={"text": "x"})
        assert len((await client.store.search_items(["a"]))["items"]) == 1
        with pytest.raises(Exception, match="the stored vectors have 3"):
            await client.store.search_items(["a"], query="x")
        assert "the stored vectors have 3" in stack.workers[0].tail()
        async with stack.http() as http:
            answer = await http.post("/store/items/search", json={"query": "x"})
            assert answer.status_code == 503


async def test_an_embedding_that_does_not_load_says_so(database: str, tmp_path: Path) -> None:
    options = config(tmp_path, embed="./embed.py:nothing")
    async with running(database, config=options) as stack, stack.http() as http:
        assert (await http.post("/store/items/search", json={})).status_code == 200
        answer = await http.post("/store/items/search", json={"query": "x"})
        assert answer.status_code == 503
        assert "has no 'nothing'" in answer.json()["detail"]
