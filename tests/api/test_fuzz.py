"""Random bodies to every route: refused or served, never a 500, and the server is well afterwards."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import pytest
from api.scene import Client

ROUNDS = 60
SCALARS: list[Any] = [None, True, 0, -1, 3, 2**63, 2**70, -0.5, 1e308, "", "x" * 5000, "a\x00b", "\u2028"]
WORDS = [
    "x", "echo", "ask", "poison", "*", "values", "updates", "events", "enqueue", "reject", "interrupt",
    "rollback", "create", "cancel", "do_nothing", "first", "__end__", "__start__", "__copy__", "idle", "asc",
    "thread_id", "metadata", "01a1fe20-0000-7000-8000-000000000000",
]  # fmt: skip
KEYS = [
    "assistant_id", "input", "command", "resume", "update", "goto", "node", "config", "configurable", "tags",
    "context", "recursion_limit", "metadata", "graph_id", "checkpoint", "checkpoint_id", "checkpoint_ns",
    "checkpoint_map", "interrupt_before", "interrupt_after", "stream_mode", "stream_subgraphs", "durability",
    "stream_resumable", "multitask_strategy", "if_not_exists", "on_completion", "on_disconnect", "supersteps",
    "feedback_keys", "if_exists", "name", "description", "limit", "offset", "sort_by", "sort_order", "select",
    "ids", "status", "values", "as_node", "before", "subgraphs", "kind", "x", "log", "thread_id",
    "namespace", "namespace_prefix", "key", "value", "filter", "query", "index", "ttl", "prefix", "suffix",
    "max_depth", "refresh_ttl", "$gt", "$ne", "strategy", "thread_ids", "updates",
]  # fmt: skip


def anything(dice: random.Random, depth: int = 0) -> Any:
    """A random JSON value made of words that mean something to the server."""
    kind = dice.random()
    if depth > 3 or kind < 0.5:
        return dice.choice([*SCALARS, *WORDS])
    if kind < 0.65:
        return [anything(dice, depth + 1) for _ in range(dice.randrange(4))]
    return {dice.choice(KEYS): anything(dice, depth + 1) for _ in range(dice.randrange(7))}


def body(dice: random.Random) -> Any:
    """Mostly an object with a graph in it, so that it gets past the first check."""
    value = anything(dice)
    if isinstance(value, dict) and dice.random() < 0.8:
        value["assistant_id"] = value["graph_id"] = dice.choice(["echo", "ask"])
        value.pop("after_seconds", None)
        value.setdefault("namespace", ["fuzz"])
        value.setdefault("key", "k")
    return value


@pytest.mark.behaviour("http.never-500")
async def test_no_body_makes_the_server_stumble(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "echo", input={})
    assistant = (await client.assistants.create("echo"))["assistant_id"]
    of_thread = ("state", "state/checkpoint", "history", "copy", "runs", "runs/wait", "runs/stream")
    others = (
        "threads",
        "threads/search",
        "threads/count",
        "assistants",
        "assistants/search",
        "runs",
        "runs/wait",
        "threads/prune",
        "store/items/search",
        "store/namespaces",
    )
    posts = [f"/threads/{thread_id}/{verb}" for verb in of_thread] + [f"/{path}" for path in others]
    routes = [("PATCH", f"/assistants/{assistant}"), ("PATCH", f"/threads/{thread_id}")]
    routes += [("PUT", "/store/items"), ("DELETE", "/store/items")]
    routes += [("POST", path) for path in posts]

    async def throw(seed: int, method: str, path: str) -> None:
        dice = random.Random(f"{seed} {path}")
        for _ in range(ROUNDS // 6):
            thrown = body(dice)
            response = await http.request(method, path, json=thrown)
            assert response.status_code < 500, (method, path, thrown, response.text)

    async with asyncio.timeout(60), asyncio.TaskGroup() as throwing:
        for seed in range(6):
            for method, path in routes:
                throwing.create_task(throw(seed, method, path))
    assert (await client.runs.wait(None, "echo", input={"x": 1}))["x"] == 1
