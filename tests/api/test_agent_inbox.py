"""What Agent Inbox sends: it lists interrupted threads, shows their questions, answers or ignores them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from api.framing import frames
from api.scene import Client

pytestmark = pytest.mark.behaviour("agent-inbox.requests")

ANSWERS: list[dict[str, Any]] = [
    {"type": "accept", "args": None},
    {"type": "edit", "args": {"action": "reply", "args": {"mail": "edited"}}},
    {"type": "response", "args": "say no"},
    {"type": "ignore", "args": None},
]


async def asked(client: Client, thread_id: str) -> str:
    await client.runs.wait(thread_id, "inbox", input={"mail": "hello"})
    return thread_id


async def test_it_asks_which_project_this_is(http: httpx.AsyncClient) -> None:
    host = (await http.get("/info", headers={"x-api-key": "any"})).json()["host"]
    assert (host["project_id"], host["tenant_id"]) == (None, None)


@pytest.mark.behaviour("threads.interrupts-by-task", "runs.graph-id-in-thread-metadata")
async def test_its_list_shows_the_question_without_another_request(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    await asked(client, thread_id)
    body = {"offset": 0, "limit": 10, "status": "interrupted", "metadata": {"graph_id": "inbox"}}
    (thread, *_) = (await http.post("/threads/search", json=body)).json()
    assert (thread["thread_id"], thread["status"]) == (thread_id, "interrupted")
    ((_, (question,)),) = thread["interrupts"].items()
    (request,) = question["value"]
    assert request["action_request"] == {"action": "reply", "args": {"mail": "hello"}}
    assert set(request["config"]) == {"allow_accept", "allow_edit", "allow_respond", "allow_ignore"}
    assert thread["values"] == {"mail": "hello"}


async def test_the_state_has_the_question_too(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    await asked(client, thread_id)
    state = (await http.get(f"/threads/{thread_id}/state")).json()
    shown = (await http.get(f"/threads/{thread_id}")).json()["interrupts"]
    assert state["tasks"][-1]["interrupts"][-1]["value"] == next(iter(shown.values()))[-1]["value"]


@pytest.mark.behaviour("resume.list-of-answers")
@pytest.mark.parametrize("answer", ANSWERS, ids=[str(a["type"]) for a in ANSWERS])
async def test_an_answer_reaches_the_graph_as_it_was_given(
    client: Client, http: httpx.AsyncClient, thread_id: str, answer: Any
) -> None:
    await asked(client, thread_id)
    body = {"assistant_id": "inbox", "command": {"resume": [answer]}}
    run = (await http.post(f"/threads/{thread_id}/runs", json=body)).json()
    assert (await client.runs.join(thread_id, run["run_id"]))["answer"] == [answer]
    assert (await client.threads.get(thread_id))["status"] == "idle"


async def test_an_answer_is_streamed_as_events(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    await asked(client, thread_id)
    body = {"assistant_id": "inbox", "command": {"resume": [ANSWERS[0]]}, "stream_mode": "events"}
    events = frames((await http.post(f"/threads/{thread_id}/runs/stream", json=body)).content)
    assert {name for name, _, _ in events} == {"metadata", "events"}
    assert events[-1][1]["event"] == "on_chain_end"


@pytest.mark.behaviour("state.as-node-end-resolves")
async def test_ignoring_ends_the_thread(client: Client, http: httpx.AsyncClient, thread_id: str) -> None:
    await asked(client, thread_id)
    answer = await http.post(f"/threads/{thread_id}/state", json={"values": None, "as_node": "__end__"})
    assert answer.status_code == 200
    thread = await client.threads.get(thread_id)
    assert (thread["status"], thread["interrupts"]) == ("idle", {})
    body = {"offset": 0, "limit": 10, "status": "interrupted", "ids": [thread_id]}
    assert (await http.post("/threads/search", json=body)).json() == []


@pytest.mark.behaviour("resume.list-of-answers", "resume.batched-decisions", "resume.per-call-decision")
@pytest.mark.parametrize(
    "resume",
    [{"type": "approve"}, {"decisions": [{"type": "approve"}]}, [{"type": "accept", "args": None}]],
    ids=["per call", "batched", "inbox"],
)
async def test_the_supervised_agent_takes_an_approval_in_three_shapes(
    client: Client, http: httpx.AsyncClient, thread_id: str, resume: Any
) -> None:
    await client.runs.wait(thread_id, "supervised", input={"messages": [{"role": "user", "content": "700"}]})
    body = {"assistant_id": "supervised", "input": {}, "command": {"resume": resume}}
    values = (await http.post(f"/threads/{thread_id}/runs/wait", json=body)).json()
    assert values["messages"][-1]["content"].strip() == "I heard paid 700"
