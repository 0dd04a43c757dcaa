"""What Agent Chat UI sends, body by body, as it was seen in a browser."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from api.framing import frames
from api.scene import Client, status_of

pytestmark = pytest.mark.behaviour("agent-chat-ui.requests")

ORIGIN = {"origin": "http://127.0.0.1:3000"}
MODES = ["values", "messages-tuple", "custom"]


async def new_thread(http: httpx.AsyncClient) -> str:
    answer = await http.post("/threads", json={"metadata": {}}, headers=ORIGIN)
    return str(answer.json()["thread_id"])


async def streamed(http: httpx.AsyncClient, thread_id: str, graph: str, **body: Any) -> list[Any]:
    """The events of one submit of the page; the run is over when they are."""
    body = {"stream_mode": MODES, "stream_resumable": True, "on_disconnect": "continue"} | body
    body |= {"assistant_id": graph}
    response = await http.post(f"/threads/{thread_id}/runs/stream", json=body, headers=ORIGIN)
    assert response.status_code == 200, response.text
    return frames(response.content)


async def say(http: httpx.AsyncClient, thread_id: str, graph: str, text: str) -> list[Any]:
    message = {"id": str(uuid4()), "type": "human", "content": [{"type": "text", "text": text}]}
    return await streamed(http, thread_id, graph, input={"messages": [message]}, stream_subgraphs=True)


async def answer(http: httpx.AsyncClient, thread_id: str, graph: str, command: Any) -> list[Any]:
    """A person's answer goes out with an empty input beside the command."""
    options = {"stream_resumable": False, "on_disconnect": "cancel"}
    return await streamed(http, thread_id, graph, input={}, command=command, **options)


async def history(http: httpx.AsyncClient, thread_id: str) -> list[Any]:
    return list((await http.post(f"/threads/{thread_id}/history", json={"limit": 10}, headers=ORIGIN)).json())


async def test_it_looks_whether_the_server_is_there(http: httpx.AsyncClient) -> None:
    headers = ORIGIN | {"x-api-key": "any", "x-auth-scheme": "langsmith-api-key"}
    assert (await http.get("/info", headers=headers)).status_code == 200


@pytest.mark.behaviour("runs.graph-id-in-thread-metadata")
async def test_its_list_of_threads_is_found_by_graph_or_assistant(http: httpx.AsyncClient) -> None:
    thread_id = await new_thread(http)
    await say(http, thread_id, "agent", "Oslo")
    metadata = (await http.get(f"/threads/{thread_id}")).json()["metadata"]
    for key in ("graph_id", "assistant_id"):
        body = {"metadata": {key: metadata[key]}, "limit": 100, "offset": 0}
        (found, *_) = (await http.post("/threads/search", json=body, headers=ORIGIN)).json()
        assert found["thread_id"] == thread_id
        assert found["values"]["messages"][0]["content"][0]["text"] == "Oslo"


async def test_a_message_is_streamed_and_then_in_the_history(http: httpx.AsyncClient) -> None:
    thread_id = await new_thread(http)
    events = await say(http, thread_id, "agent", "Oslo")
    assert {name for name, _, _ in events} == {"metadata", "values", "messages"}
    spoken = [d[0]["content"] for n, d, _ in events if n == "messages" and d[0]["type"] == "AIMessageChunk"]
    assert "".join(spoken).strip() == "I heard sun over Oslo"
    head = (await history(http, thread_id))[0]
    assert head["values"] == events[-1][1]
    assert [m["type"] for m in head["values"]["messages"]] == ["human", "ai", "tool", "ai"]


@pytest.mark.behaviour("resume.batched-decisions", "runs.command-wins-over-empty-input")
async def test_an_approval_is_answered_with_decisions_and_an_empty_input(http: httpx.AsyncClient) -> None:
    thread_id = await new_thread(http)
    asked = await say(http, thread_id, "hitl", "hello")
    (question,) = asked[-1][1]["__interrupt__"]
    assert question["value"]["action_requests"][0]["args"] == {"text": "hello"}
    assert question["value"]["review_configs"][0]["action_name"] == "send"
    head = (await history(http, thread_id))[0]
    assert head["tasks"][-1]["interrupts"] == [{"id": question["id"], "value": question["value"]}]

    events = await answer(http, thread_id, "hitl", {"resume": {"decisions": [{"type": "approve"}]}})
    assert [m["content"].strip() for m in events[-1][1]["messages"][-2:]] == [
        "sent hello",
        "I heard sent hello",
    ]
    assert (await http.get(f"/threads/{thread_id}")).json()["status"] == "idle"


@pytest.mark.behaviour("resume.batched-decisions")
@pytest.mark.parametrize(
    ("decision", "told"),
    [
        ({"type": "edit", "edited_action": {"name": "send", "args": {"text": "bye"}}}, "sent bye"),
        ({"type": "reject", "message": "too rude"}, "too rude"),
    ],
)
async def test_a_call_is_edited_or_rejected(http: httpx.AsyncClient, decision: Any, told: str) -> None:
    thread_id = await new_thread(http)
    await say(http, thread_id, "hitl", "hello")
    events = await answer(http, thread_id, "hitl", {"resume": {"decisions": [decision]}})
    (tool,) = [m for m in events[-1][1]["messages"] if m["type"] == "tool"]
    assert told in tool["content"]


@pytest.mark.behaviour("resume.goto-end-asks-again")
async def test_mark_as_resolved_asks_again_as_on_the_reference(http: httpx.AsyncClient) -> None:
    """The page sends a jump to the end; LangGraph applies it beside the pending task."""
    thread_id = await new_thread(http)
    await say(http, thread_id, "hitl", "hello")
    events = await answer(http, thread_id, "hitl", {"goto": "__end__"})
    assert "__interrupt__" in events[-1][1]
    assert (await http.get(f"/threads/{thread_id}")).json()["status"] == "interrupted"


@pytest.mark.behaviour("runs.checkpoint-without-thread")
async def test_an_answer_is_made_anew_from_the_checkpoint_before_it(http: httpx.AsyncClient) -> None:
    thread_id = await new_thread(http)
    await say(http, thread_id, "agent", "Oslo")
    states = await history(http, thread_id)
    last = states[0]["values"]["messages"][-1]
    first_seen = [s for s in states if last["id"] in [m["id"] for m in s["values"]["messages"]]][-1]
    checkpoint = {k: v for k, v in first_seen["parent_checkpoint"].items() if k != "thread_id"}

    events = await streamed(http, thread_id, "agent", checkpoint=checkpoint, stream_subgraphs=True)
    said = events[-1][1]["messages"]
    assert len(said) == 4
    assert said[-1]["content"].strip() == "I heard sun over Oslo"
    assert said[-1]["id"] != last["id"]
    branches = [
        s for s in await history(http, thread_id) if s["parent_checkpoint"] == first_seen["parent_checkpoint"]
    ]
    assert len(branches) == 2


async def test_a_reload_joins_the_run_from_its_beginning(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = await new_thread(http)
    body = {
        "assistant_id": "story", "input": {"messages": [{"type": "human", "content": "20"}]},
        "stream_mode": MODES, "stream_resumable": True, "on_disconnect": "continue",
    }  # fmt: skip
    async with http.stream("POST", f"/threads/{thread_id}/runs/stream", json=body) as left:
        place = left.headers["content-location"]
    joined = await http.get(
        f"{place}/stream", params={"cancel_on_disconnect": "0"}, headers=ORIGIN | {"last-event-id": "-1"}
    )
    events = frames(joined.content)
    assert events[0][0] == "metadata"
    assert events[-1][1]["messages"][-1]["content"].split() == [str(n) for n in range(1, 21)]


async def test_stop_cancels_the_run(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = await new_thread(http)
    body = {"assistant_id": "story", "input": {"messages": [{"type": "human", "content": "2000"}]}}
    async with http.stream("POST", f"/threads/{thread_id}/runs/stream", json=body) as response:
        place = response.headers["content-location"]
    stopped = await http.post(f"{place}/cancel", params={"wait": "0", "action": "interrupt"}, headers=ORIGIN)
    assert stopped.status_code == 202
    run_id = place.rpartition("/")[2]
    await client.runs.join(thread_id, run_id)
    assert await status_of(client, thread_id, run_id) == "interrupted"
