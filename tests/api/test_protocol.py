"""The v3 protocol over HTTP: commands, and events by channel."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from api.protocol import ALL, HELLO, command, followed, is_end, start, subscribed, told, until
from api.scene import Client, busy_run


@pytest.mark.behaviour("protocol.before-the-thread", "protocol.seq-and-event-id")
async def test_a_client_can_subscribe_before_the_thread_exists(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    async with subscribed(http, thread_id, ["lifecycle", "values"]) as events:
        await start(http, thread_id, "echo", input={"x": 1})
        seen = await until(events)
    assert [e["params"]["data"]["event"] for e in seen if e["method"] == "lifecycle"] == [
        "running",
        "completed",
    ]
    assert told(seen, "lifecycle")[0] == {"event": "running", "graph_name": "echo"}
    assert told(seen, "values")[-1]["log"] == ["first", "second"]
    numbers = [event["seq"] for event in seen]
    assert numbers == sorted(set(numbers))
    assert len({event["event_id"] for event in seen}) == len(seen)


@pytest.mark.behaviour("protocol.channels")
async def test_every_channel_of_an_agent_flows(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "agent", input=HELLO)
    seen = await followed(http, thread_id)
    by_method = {event["method"] for event in seen}
    assert by_method == {"values", "updates", "messages", "tools", "lifecycle", "tasks", "checkpoints"}
    assert [t["event"] for t in told(seen, "tools")] == ["tool-started", "tool-finished"]
    assert told(seen, "tools")[0]["input"] == {"city": "Oslo"}
    assert {"id", "step", "source", "values"} <= told(seen, "checkpoints")[-1].keys()
    assert list(told(seen, "updates")[0]) == ["model"]
    assert {"name", "id"} <= told(seen, "tasks")[0].keys()


@pytest.mark.behaviour("protocol.message-blocks")
async def test_messages_come_in_blocks(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "agent", input=HELLO)
    blocks = told(await followed(http, thread_id, ["messages", "lifecycle"]), "messages")
    starts = [b for b in blocks if b["event"] == "message-start"]
    assert [(b["role"], b["metadata"]["langgraph_node"]) for b in starts] == [("ai", "model")] * 2
    assert {b.get("message_id", b.get("id")) for b in blocks} == {b["id"] for b in starts}
    deltas = [b["delta"]["text"] for b in blocks if b.get("delta", {}).get("type") == "text-delta"]
    assert len(deltas) > 3
    assert "".join(deltas).strip() == "I heard sun over Oslo"
    assert blocks[-1]["event"] == "message-finish"


@pytest.mark.behaviour("protocol.custom")
async def test_custom_events_are_what_the_node_wrote(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "echo", input={})
    assert told(await followed(http, thread_id), "custom") == [{"progress": 1}]


@pytest.mark.behaviour("protocol.transformers")
async def test_the_transformers_of_a_graph_have_their_say(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "narrated", input={})
    seen = await followed(http, thread_id)
    assert {"name": "story", "payload": {"heard": ["speak"]}} in told(seen, "custom")
    assert told(seen, "updates") == [{"speak": {"word": "***"}}]
    only = await followed(http, thread_id, ["custom:story", "lifecycle"])
    assert [d["name"] for d in told(only, "custom")] == ["story"]
    other = await followed(http, thread_id, ["custom:other", "lifecycle"])
    assert told(other, "custom") == []
    # What the thread remembers is what the graph made, not what was shown.
    assert (await client.threads.get(thread_id))["values"] == {"word": "secret"}


@pytest.mark.behaviour("protocol.namespaces")
async def test_sub_graphs_live_in_their_namespace(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "sub", input={})
    seen = await followed(http, thread_id)
    inside = [e for e in seen if e["method"] == "lifecycle" and e["params"]["namespace"]]
    assert [
        (e["params"]["namespace"][0].partition(":")[0], e["params"]["data"]["event"]) for e in inside
    ] == [
        ("calm", "started"),
        ("calm", "completed"),
        ("asking", "started"),
        ("asking", "interrupted"),
    ]
    scoped = await followed(http, thread_id, ["updates", "lifecycle"], namespaces=[["calm"], []], depth=0)
    spaces = {tuple(n.partition(":")[0] for n in e["params"]["namespace"]) for e in scoped}
    assert spaces == {(), ("calm",)}
    shallow = await followed(http, thread_id, ALL, depth=0)
    assert all(e["params"]["namespace"] == [] for e in shallow)


@pytest.mark.behaviour("protocol.question-both-names", "protocol.respond")
async def test_a_question_is_told_with_both_names_and_answered(
    client: Client, http: httpx.AsyncClient
) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "ask", input={"x": 5})
    first = await followed(http, thread_id)
    (asked,) = told(first, "input.requested")
    assert asked["payload"] == asked["value"] == {"question": "ok?", "x": 5}
    assert first[-1]["params"]["data"]["event"] == "interrupted"
    answer = await command(
        http, thread_id, "input.respond", interrupt_id=asked["interrupt_id"], namespace=[], response="yes"
    )
    assert (answer["type"], answer["result"]) == ("success", {})
    later = await followed(http, thread_id, since=answer["meta"]["applied_through_seq"])
    assert told(later, "lifecycle")[0]["event"] == "running"
    assert later[-1]["params"]["data"]["event"] == "completed"
    assert (await client.threads.get_state(thread_id))["values"]["answers"] == ["yes"]


@pytest.mark.behaviour("protocol.respond-to-several")
async def test_several_questions_are_answered_at_once(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "ask_both", input={})
    asked = told(await followed(http, thread_id), "input.requested")
    responses = [
        {"interrupt_id": q["interrupt_id"], "namespace": [], "response": f"to {q['payload']}"} for q in asked
    ]
    answer = await command(http, thread_id, "input.respond", responses=responses)
    await followed(http, thread_id, since=answer["meta"]["applied_through_seq"])
    answers = (await client.threads.get_state(thread_id))["values"]["answers"]
    assert answers == [{"left": "to left?"}, {"right": "to right?"}]


@pytest.mark.behaviour("protocol.start-answers")
async def test_a_start_on_a_thread_that_asks_is_the_answer(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "ask", input={"x": 5})
    await followed(http, thread_id)
    answer = await command(http, thread_id, "run.start", assistant_id="ask", input="yes")
    await followed(http, thread_id, since=answer["meta"]["applied_through_seq"])
    assert (await client.threads.get_state(thread_id))["values"]["answers"] == ["yes"]


@pytest.mark.behaviour("protocol.no-such-interrupt")
async def test_an_answer_to_no_question_is_refused(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "ask", input={})
    (asked,) = told(await followed(http, thread_id), "input.requested")
    wrong = await command(http, thread_id, "input.respond", interrupt_id="f" * 32, response=1)
    assert (wrong["type"], wrong["error"]) == ("error", "no_such_interrupt")
    right = {"interrupt_id": asked["interrupt_id"], "response": 1}
    first, second = await asyncio.gather(
        command(http, thread_id, "input.respond", **right), command(http, thread_id, "input.respond", **right)
    )
    await followed(http, thread_id, since=first.get("meta", second.get("meta"))["applied_through_seq"])
    again = await command(http, thread_id, "input.respond", **right)
    assert again["error"] == "no_such_interrupt"


@pytest.mark.behaviour("protocol.failure")
async def test_a_failure_is_told(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "fails", input={})
    end = (await followed(http, thread_id))[-1]["params"]["data"]
    assert end == {"event": "failed", "graph_name": "fails", "error": "boom from node"}


@pytest.mark.behaviour("protocol.ordinary-runs")
async def test_an_ordinary_run_is_seen_too(client: Client, http: httpx.AsyncClient, thread_id: str) -> None:
    async with subscribed(http, thread_id, ALL) as events:
        await client.runs.create(thread_id, "ask", input={"x": 1}, stream_mode=["values", "updates"])
        seen = await until(events)
    assert [d["event"] for d in told(seen, "lifecycle")] == ["running", "interrupted"]
    assert told(seen, "values")[0] == {"x": 1, "answers": []}
    assert told(seen, "updates")[0] == {"prepare": {"answers": []}}
    assert [q["payload"]["question"] for q in told(seen, "input.requested")] == ["ok?"]


@pytest.mark.behaviour("protocol.read-by-others")
async def test_a_run_of_the_protocol_is_seen_by_ordinary_readers(
    client: Client, http: httpx.AsyncClient
) -> None:
    thread_id = str(uuid4())
    run_id = await start(http, thread_id, "agent", input=HELLO)
    result: Any = await client.runs.join(thread_id, run_id)
    assert result["messages"][-1]["type"] == "ai"
    parts = client.runs.join_stream(thread_id, run_id, last_event_id="0")
    names = [part.event async for part in parts]
    assert names[0] == "metadata"
    assert {"values", "updates", "tools", "tasks", "checkpoints"} <= set(names)
    assert not {"blocks", "end", "input.requested"} & set(names)
    (run,) = await client.runs.list(thread_id)
    assert (run["kwargs"]["subgraphs"], run["kwargs"]["resumable"]) == (True, True)


@pytest.mark.behaviour("protocol.since")
async def test_since_leaves_out_what_was_seen(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "echo", input={})
    everything = await followed(http, thread_id)
    for number, event in enumerate(everything[:-1]):
        assert await followed(http, thread_id, since=event["seq"]) == everything[number + 1 :]


@pytest.mark.behaviour("protocol.stays-open")
async def test_runs_follow_each_other_on_one_stream(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    async with subscribed(http, thread_id, ["lifecycle"]) as events:
        for _ in range(3):
            await start(http, thread_id, "echo", input={})
        seen = [event for _ in range(3) for event in await until(events)]
    assert [d["event"] for d in told(seen, "lifecycle")] == ["running", "completed"] * 3


@pytest.mark.behaviour("protocol.frame")
async def test_the_frame_has_method_json_and_seq(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    await start(http, thread_id, "echo", input={})
    last = (await followed(http, thread_id))[-1]
    body = {"channels": ["lifecycle"], "since": last["seq"] - 1}
    async with http.stream("POST", f"/threads/{thread_id}/stream/events", json=body) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        raw = await anext(response.aiter_raw())
    assert raw.startswith(b'event: lifecycle\r\ndata: {"type":"event","event_id":"')
    assert raw.endswith(f"\r\nid: {last['seq']}\r\n\r\n".encode())


@pytest.mark.behaviour("protocol.tree")
async def test_the_tree_shows_the_sub_graphs(http: httpx.AsyncClient) -> None:
    thread_id = str(uuid4())
    run_id = await start(http, thread_id, "sub", input={})
    await followed(http, thread_id)
    for params in ({}, {"run_id": run_id}):
        tree = (await command(http, thread_id, "agent.getTree", **params))["result"]["tree"]
        assert (tree["namespace"], tree["status"], tree["graph_name"]) == ([], "interrupted", "sub")
        shown = [(child["graph_name"], child["status"]) for child in tree["children"]]
        assert shown == [("calm", "completed"), ("asking", "interrupted")]
    missing = await command(http, thread_id, "agent.getTree", run_id=str(uuid4()))
    assert missing["error"] == "no_such_run"


@pytest.mark.behaviour("protocol.cancelled")
async def test_a_cancelled_run_ends_for_its_subscribers(client: Client, http: httpx.AsyncClient) -> None:
    thread_id = str((await client.threads.create())["thread_id"])
    async with subscribed(http, thread_id, ["lifecycle"]) as events:
        run_id = await busy_run(client, thread_id)
        waiting = await start(http, thread_id, "echo", input={})
        await client.runs.cancel(thread_id, waiting)
        await client.runs.cancel(thread_id, run_id)
        seen = [event for _ in range(2) for event in await until(events)]
    assert [(d["graph_name"], d["event"]) for d in told(seen, "lifecycle")] == [
        ("slow", "running"),
        ("echo", "interrupted"),
        ("slow", "interrupted"),
    ]


async def test_a_deleted_thread_ends_the_stream(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    async with subscribed(http, thread_id, ALL) as events:
        await client.runs.wait(thread_id, "echo", input={})
        await until(events)
        await client.threads.delete(thread_id)
        async with asyncio.timeout(4):
            assert [event async for event in events if is_end(event)] == []


@pytest.mark.behaviour("protocol.error-frames")
@pytest.mark.parametrize(
    ("method", "params", "error"),
    [
        ("state.get", {}, "unknown_command"),
        ("nonsense", {}, "unknown_command"),
        ("run.start", {}, "invalid_argument"),
        ("run.start", {"assistant_id": 5}, "invalid_argument"),
        ("run.start", {"assistant_id": "nope"}, "unknown_error"),
        ("run.start", {"assistant_id": "echo", "config": {"tags": 5}}, "unknown_error"),
        ("run.start", {"assistant_id": "echo", "metadata": {"a": "\x00"}}, "unknown_error"),
        ("input.respond", {}, "invalid_argument"),
        ("input.respond", {"responses": []}, "invalid_argument"),
        ("input.respond", {"responses": "x"}, "invalid_argument"),
        ("input.respond", {"interrupt_id": "x", "response": 1}, "unknown_error"),
        ("agent.getTree", {"run_id": "x"}, "invalid_argument"),
        ("agent.getTree", {}, "unknown_error"),
        ("subscription.subscribe", {"channels": ["values"]}, "not_supported"),
        ("subscription.unsubscribe", {}, "not_supported"),
    ],
)
async def test_what_cannot_be_done_is_an_error_frame(
    http: httpx.AsyncClient, method: str, params: Any, error: str
) -> None:
    answer = await command(http, str(uuid4()), method, **params)
    assert (answer["type"], answer["error"]) == ("error", error), answer
    assert answer["message"]


@pytest.mark.behaviour("protocol.malformed-is-400")
@pytest.mark.parametrize(
    "raw",
    [
        b"", b"nonsense", b"[]", b"5", b"{}", b'{"id": "1", "method": "x"}', b'{"id": true, "method": "x"}',
        b'{"id": -1, "method": "x"}', b'{"id": 1}', b'{"id": 1, "method": 5}',
        b'{"id": 1, "method": "x", "params": []}',
    ],
)  # fmt: skip
async def test_what_is_no_command_is_400(http: httpx.AsyncClient, raw: bytes) -> None:
    response = await http.post(f"/threads/{uuid4()}/commands", content=raw)
    assert response.status_code == 400
    body = response.json()
    assert (body["type"], body["id"], body["error"]) == ("error", None, "invalid_argument")


@pytest.mark.behaviour("protocol.bad-subscription-is-400")
@pytest.mark.parametrize(
    "body",
    [
        {}, {"channels": []}, {"channels": "values"}, {"channels": ["nope"]}, {"channels": ["custom:"]},
        {"channels": [1]}, {"channels": ["values"], "namespaces": ["a"]},
        {"channels": ["values"], "depth": -1}, {"channels": ["values"], "since": "x"},
        {"channels": ["values"], "since": 2**80}, [], 5,
    ],
)  # fmt: skip
async def test_a_wrong_subscription_is_400(http: httpx.AsyncClient, body: Any) -> None:
    response = await http.post(f"/threads/{uuid4()}/stream/events", json=body)
    assert (response.status_code, list(response.json())) == (400, ["detail"])


async def test_a_wrong_thread_id_is_422(http: httpx.AsyncClient) -> None:
    for path in ("commands", "stream/events"):
        response = await http.post(
            f"/threads/nonsense/{path}", json={"id": 1, "method": "x", "channels": ["values"]}
        )
        assert response.status_code == 422
