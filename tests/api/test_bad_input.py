"""Wrong input is refused with a 4xx and a sentence that helps, and leaves nothing behind."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from api.scene import Client, rows

NOBODY = "01a1fe20-0000-7000-8000-000000000000"
RUN: dict[str, Any] = {"assistant_id": "echo", "input": {}}
DEEP: Any = None
for _ in range(300):
    DEEP = [DEEP]


def refusal(response: httpx.Response) -> tuple[int, str]:
    """Status and sentence; what was no refusal has the whole answer as its sentence."""
    answer = response.json() if response.headers["content-type"] == "application/json" else response.text
    return response.status_code, str(answer.get("detail", answer) if isinstance(answer, dict) else answer)


WRONG_RUNS: list[tuple[str, dict[str, Any], int, str]] = [
    ("no assistant", {"input": {}}, 422, "assistant_id"),
    ("an unknown graph", {"assistant_id": "nope"}, 422, "one of the graphs"),
    ("an unknown assistant", {"assistant_id": NOBODY}, 404, "not found"),
    ("a broken graph", {"assistant_id": "broken"}, 422, "nothing_of_that_name"),
    ("an assistant that is a number", {"assistant_id": 1}, 422, "assistant_id"),
    ("a config that is text", RUN | {"config": "x"}, 422, "config"),
    ("a configurable list", RUN | {"config": {"configurable": [1]}}, 422, "config.configurable is a list"),
    ("config metadata as text", RUN | {"config": {"metadata": "x"}}, 422, "config.metadata is a str"),
    ("tags that are text", RUN | {"config": {"tags": "x"}}, 422, "config.tags is 'x'"),
    ("a limit of zero", RUN | {"config": {"recursion_limit": 0}}, 422, "at least 1"),
    ("a limit that is text", RUN | {"config": {"recursion_limit": "9"}}, 422, "at least 1"),
    ("context beside it", RUN | {"config": {"configurable": {"a": 1}}, "context": {"b": 1}}, 400, "not both"),
    ("an unknown stream mode", RUN | {"stream_mode": "everything"}, 422, "stream_mode"),
    ("an unknown strategy", RUN | {"multitask_strategy": "hope"}, 422, "multitask_strategy"),
    ("an unknown command", RUN | {"command": {"do": 1}}, 422, "command.do"),
    ("a command that is text", RUN | {"command": "resume"}, 422, "command"),
    ("a jump to nowhere", RUN | {"command": {"goto": "nowhere"}}, 422, "'first', 'second'"),
    ("a jump to a number", RUN | {"command": {"goto": 7}}, 422, "goto"),
    ("a send without a node", RUN | {"command": {"goto": {"input": 1}}}, 422, '"node": name'),
    ("a mixed jump, half wrong", RUN | {"command": {"goto": ["first", {"node": "x"}]}}, 422, "names ['x']"),
    ("an unknown checkpoint", RUN | {"checkpoint_id": str(uuid4())}, 404, "no checkpoint"),
    ("a checkpoint that is no id", RUN | {"checkpoint_id": "../etc"}, 404, "no checkpoint"),
    ("a checkpoint that is a number", RUN | {"checkpoint": {"checkpoint_id": 5}}, 422, "must be a string"),
    ("a checkpoint map as a list", RUN | {"checkpoint": {"checkpoint_map": [1]}}, 422, "must be an object"),
    ("breakpoints that are a number", RUN | {"interrupt_before": 3}, 422, "interrupt_before"),
    ("a negative delay", RUN | {"after_seconds": -1}, 422, "after_seconds"),
    ("an endless delay", RUN | {"after_seconds": 1e300}, 422, "after_seconds"),
    ("NUL in metadata", RUN | {"metadata": {"a": "\x00"}}, 422, "metadata contains a NUL"),
    ("NUL in config", RUN | {"config": {"configurable": {"\x00": 1}}}, 422, "config contains a NUL"),
    ("deep nesting", RUN | {"input": DEEP}, 422, "nested deeper"),
    ("a webhook to this machine", RUN | {"webhook": "http://127.0.0.1"}, 422, "loopback"),
]  # fmt: skip


@pytest.mark.behaviour("runs.unknown-assistant")
@pytest.mark.parametrize("verb", ["", "/wait", "/stream"])
async def test_a_wrong_run_is_refused_before_anything_starts(
    client: Client, http: httpx.AsyncClient, thread_id: str, stack_database: str, verb: str
) -> None:
    await client.runs.wait(thread_id, "echo", input={})
    thread, before = await client.threads.get(thread_id), rows(stack_database)
    for what, body, status, hint in WRONG_RUNS:
        response = await http.post(f"/threads/{thread_id}/runs{verb}", json=body)
        found, sentence = refusal(response)
        assert found == status, (what, sentence)
        assert hint in sentence, what
    assert rows(stack_database) == before
    assert await client.threads.get(thread_id) == thread


@pytest.mark.behaviour("http.bad-body-422")
@pytest.mark.parametrize(
    "raw",
    [b"{", b"[1", b"\xff\xfe", b'{"a": NaN}', b'"\\ud800"', b"nothing", b"[]", b"3", b'"text"', b"null"],
)
async def test_a_body_that_is_no_json_object_is_refused(
    http: httpx.AsyncClient, thread_id: str, raw: bytes
) -> None:
    for path in (
        "/threads",
        "/assistants/search",
        f"/threads/{thread_id}/runs/wait",
        f"/threads/{thread_id}/state",
    ):
        response = await http.post(path, content=raw)
        assert response.status_code == 422, (path, response.text)
        assert isinstance(response.json()["detail"], str)


WRONG: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/threads", {"thread_id": "x"}, 422, "thread_id"),
    ("POST", "/threads", {"metadata": [1]}, 422, "metadata"),
    ("POST", "/threads", {"metadata": {"a": "\x00"}}, 422, "NUL"),
    ("POST", "/threads", {"if_exists": "maybe"}, 422, "if_exists"),
    ("POST", "/threads", {"supersteps": [{"updates": []}]}, 422, "supersteps"),
    ("POST", "/threads/search", {"limit": 0}, 422, "limit"),
    ("POST", "/threads/search", {"limit": 1001}, 422, "limit"),
    ("POST", "/threads/search", {"offset": -1}, 422, "offset"),
    ("POST", "/threads/search", {"status": "odd"}, 422, "status"),
    ("POST", "/threads/search", {"sort_by": "metadata; drop table thread"}, 422, "sort_by"),
    ("POST", "/threads/search", {"ids": ["x"]}, 422, "ids"),
    ("POST", "/threads/search", {"values": {"a": "\x00"}}, 422, "NUL"),
    ("POST", "/threads/search", {"select": ["secrets"]}, 422, "select"),
    ("POST", "/assistants", {}, 422, "graph_id"),
    ("POST", "/assistants", {"graph_id": "nope"}, 404, "Expected one of"),
    ("POST", "/assistants", {"graph_id": "echo", "config": {"configurable": 5}}, 422, "config.configurable"),
    ("POST", "/assistants", {"graph_id": "echo", "name": "a\x00b"}, 422, "name contains a NUL"),
    ("POST", "/assistants", {"graph_id": "echo", "assistant_id": "x"}, 422, "assistant_id"),
    ("POST", "/assistants/search", {"graph_id": "\x00"}, 422, "NUL"),
    ("GET", f"/assistants/{NOBODY}", None, 404, "not found"),
    ("GET", "/assistants/a%00b", None, 404, "not found"),
    ("PATCH", f"/assistants/{NOBODY}", {}, 404, "not found"),
    ("DELETE", f"/assistants/{NOBODY}", None, 404, "not found"),
    ("GET", f"/assistants/{NOBODY}/graph", None, 404, "not found"),
    ("GET", "/assistants/nope/schemas", None, 404, "not found"),
    ("GET", f"/threads/{NOBODY}", None, 404, "not found"),
    ("PATCH", f"/threads/{NOBODY}", {"metadata": {}}, 404, "not found"),
    ("POST", f"/threads/{NOBODY}/copy", None, 404, "not found"),
    ("GET", f"/threads/{NOBODY}/state", None, 404, "not found"),
    ("POST", f"/threads/{NOBODY}/history", {}, 404, "not found"),
    ("GET", f"/threads/{NOBODY}/runs", None, 404, "not found"),
    ("POST", f"/threads/{NOBODY}/runs", RUN, 404, "not found"),
    ("POST", f"/threads/{NOBODY}/runs/stream", RUN, 404, "not found"),
    ("GET", f"/threads/{NOBODY}/runs/{NOBODY}", None, 404, "Run not found"),
    ("GET", f"/threads/{NOBODY}/runs/{NOBODY}/join", None, 404, "Run not found"),
    ("GET", f"/threads/{NOBODY}/runs/{NOBODY}/stream", None, 404, "Run not found"),
    ("POST", "/runs", RUN | {"checkpoint_id": "x"}, 400, "thread_id"),
    ("POST", "/runs", RUN | {"command": {"resume": 1}}, 400, "thread_id"),
    ("GET", "/threads/x/runs", None, 422, "must be a UUID"),
    ("GET", f"/threads/{NOBODY}/runs/x", None, 422, "must be a UUID"),
]


@pytest.mark.behaviour("threads.bad-uuid")
@pytest.mark.parametrize(("method", "path", "body", "status", "hint"), WRONG)
async def test_a_wrong_request_is_refused_with_a_reason(
    http: httpx.AsyncClient, stack_database: str, method: str, path: str, body: Any, status: int, hint: str
) -> None:
    before = rows(stack_database)
    response = await http.request(method, path, json=body)
    found, sentence = refusal(response)
    assert found == status, sentence
    assert hint in sentence
    assert rows(stack_database) == before


WRONG_STATES: list[tuple[str, str, Any, int, str]] = [
    ("POST", "state", {"values": {}, "as_node": "nope"}, 400, "does not exist"),
    ("POST", "state", {"values": {}, "as_node": "a\x00"}, 400, "does not exist"),
    ("POST", "state", {"values": {}, "as_node": 5}, 422, "as_node"),
    ("POST", "state", {"values": [1]}, 400, "list"),
    ("POST", "state", {"values": {"x": 1}, "as_node": "first", "checkpoint_id": "x"}, 404, "no checkpoint"),
    ("POST", "state", {"values": {}, "checkpoint": {"checkpoint_ns": 1}}, 422, "must be a string"),
    ("POST", "state", {"values": {"x": 1}, "checkpoint": {"checkpoint_ns": "no:1"}}, 400, "no"),
    ("POST", "state/checkpoint", {}, 422, "checkpoint"),
    ("POST", "state/checkpoint", {"checkpoint": "x"}, 422, "checkpoint"),
    ("POST", "history", {"limit": 0}, 422, "limit"),
    ("POST", "history", {"before": 5}, 422, "before"),
    ("POST", "history", {"before": {"checkpoint_id": 5}}, 422, "before"),
    ("POST", "history", {"before": {"configurable": 5}}, 422, "before"),
    ("POST", "history", {"before": "\x00"}, 422, "NUL"),
    ("POST", "history", {"metadata": {"a": "\x00"}}, 422, "NUL"),
    ("GET", "history?limit=x", None, 422, "limit"),
    ("GET", "state?subgraphs=perhaps", None, 422, "subgraphs"),
    ("GET", "state/a%00b", None, 422, "NUL"),
    ("GET", "runs?limit=0", None, 422, "limit"),
    ("GET", "runs?status=a%00b", None, 422, "store"),
]  # fmt: skip


async def test_a_wrong_question_about_a_state_changes_nothing(
    client: Client, http: httpx.AsyncClient, thread_id: str, stack_database: str
) -> None:
    await client.runs.wait(thread_id, "echo", input={})
    before = rows(stack_database)
    for method, path, body, status, hint in WRONG_STATES:
        response = await http.request(method, f"/threads/{thread_id}/{path}", json=body)
        found, sentence = refusal(response)
        assert found == status, (path, body, sentence)
        assert hint in sentence, (path, body)
    assert rows(stack_database) == before


async def test_statements_are_never_made_of_input(client: Client, stack_database: str) -> None:
    nasty = "'; drop table thread; --"
    thread = await client.threads.create(metadata={nasty: nasty})
    assert await client.threads.search(metadata={nasty: nasty}) == [thread]
    made = await client.assistants.create("echo", name=nasty)
    assert [a["name"] for a in await client.assistants.search(name=nasty)] == [nasty]
    await client.assistants.delete(made["assistant_id"])
