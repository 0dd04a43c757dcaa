"""Values that break databases and JSON are stored or refused, and never wedge a thread."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from api.scene import Client

# What a node may put into its state, and how it comes back.
STORED: dict[str, Any] = {
    "nul": "a\x00b",
    "nul_key": {"a\x00b": 1},
    "nan": None,
    "infinity": [None, None],
    "big_string": "x" * 10_000_000,
    "bytes": "AP8=",
    "set": [1, 2],
    "datetime": "2026-01-02T00:00:00+00:00",
    "int_keys": {"1": "one"},
}
# What makes streams slow and proves nothing more than `STORED` does.
HEAVY = {"big_string"}
REFUSED = ["big_int", "surrogate", "surrogate_key", "tuple_keys", "opaque", "exception", "function", "circle"]
KINDS = sorted([*(STORED.keys() - HEAVY), *REFUSED, "nested", "deep"])


async def is_usable(client: Client, thread_id: str) -> bool:
    """Every way to look at the thread works, and so does the next run."""
    await client.threads.get(thread_id)
    await client.threads.get_state(thread_id)
    await client.threads.get_history(thread_id, limit=20)
    await client.threads.search(ids=[thread_id])
    await client.threads.search(ids=[thread_id], values={"kind": "cured"})
    await client.runs.list(thread_id)
    await client.threads.copy(thread_id)
    cured = await client.runs.wait(thread_id, "poison", input={"kind": "cure", "value": "fine"})
    assert (await client.threads.get_state(thread_id))["values"]["value"] == "fine"
    return bool(cured["kind"] == "cured")


@pytest.mark.parametrize("kind", STORED)
async def test_an_odd_value_is_stored(client: Client, thread_id: str, kind: str) -> None:
    values = await client.runs.wait(thread_id, "poison", input={"kind": kind})
    assert values["value"] == STORED[kind]
    assert (await client.threads.get_state(thread_id))["values"]["value"] == STORED[kind]
    assert await is_usable(client, thread_id)


@pytest.mark.parametrize("via", ["state", "custom", "interrupt", "error"])
@pytest.mark.parametrize("kind", KINDS)
async def test_a_poison_ends_its_run_and_no_more(client: Client, thread_id: str, kind: str, via: str) -> None:
    modes: Any = ["values", "updates", "custom", "tasks", "debug"]
    stream = client.runs.stream(thread_id, "poison", input={"kind": kind, "via": via}, stream_mode=modes)
    events = [part.event async for part in stream]
    (run,) = await client.runs.list(thread_id)
    assert run["status"] in ("success", "error")
    assert (events[-1] == "error") == (run["status"] == "error")
    assert await is_usable(client, thread_id)


@pytest.mark.parametrize(
    "value", ["a\x00b", {"\x00": ["\x00"]}, 1e308, 2**63 - 1, "x" * 10_000_000, [[]] * 1000]
)
async def test_an_odd_input_goes_in_and_comes_out(client: Client, thread_id: str, value: Any) -> None:
    values = await client.runs.wait(thread_id, "echo", input={"x": value})
    assert values["x"] == value
    assert (await client.threads.get_state(thread_id))["values"]["x"] == value


async def test_an_odd_edit_goes_in_and_comes_out(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={})
    await client.threads.update_state(thread_id, {"x": "a\x00b"})
    assert (await client.threads.get_state(thread_id))["values"]["x"] == "a\x00b"
    assert (await client.threads.get(thread_id))["values"]["x"] == "a\x00b"


async def test_an_odd_answer_to_a_question_goes_in(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask", input={"x": "a\x00b"})
    values = await client.runs.wait(thread_id, "ask", command={"resume": "a\x00b"})
    assert values["answers"] == ["a\x00b"]


async def test_nesting_up_to_the_limit_goes_in_and_beyond_is_refused(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    def nested(depth: int) -> Any:
        value: Any = 0
        for _ in range(depth):
            value = [value]
        return value

    assert (await client.runs.wait(thread_id, "echo", input={"x": nested(190)}))["x"] == nested(190)
    assert (await client.threads.get_state(thread_id))["values"]["x"] == nested(190)
    for depth in (250, 900, 5000):
        body = '{"assistant_id": "echo", "input": {"x": ' + "[" * depth + "]" * depth + "}}"
        answer = await http.post(f"/threads/{thread_id}/runs/wait", content=body)
        assert answer.status_code == 422, depth
