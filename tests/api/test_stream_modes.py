"""What a stream shows in each mode."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from api.scene import Client

HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "Oslo"}]}


async def parts(client: Client, graph: str, thread_id: str | None = None, **options: Any) -> list[Any]:
    """Event name and data of everything that a run streams."""
    options.setdefault("input", {})
    return [(p.event, p.data) async for p in client.runs.stream(thread_id, graph, **options)]


@pytest.mark.behaviour("stream.metadata-first")
async def test_the_first_event_names_the_run(client: Client) -> None:
    (first, *_) = await parts(client, "echo")
    assert first[0] == "metadata"
    assert set(first[1]) == {"run_id", "attempt"}
    assert first[1]["attempt"] == 1


@pytest.mark.behaviour("stream.values", "stream.updates")
async def test_values_and_updates(client: Client) -> None:
    _, *events = await parts(client, "echo", input={"x": 1}, stream_mode=["values", "updates"])
    assert [name for name, _ in events] == ["values", "updates", "values", "updates", "values"]
    assert events[0][1] == {"x": 1, "log": []}
    assert events[3] == ("updates", {"second": {"log": ["second"]}})
    assert events[4][1]["log"] == ["first", "second"]


@pytest.mark.behaviour("stream.values")
async def test_values_are_the_default_and_unwanted_modes_stay_away(client: Client) -> None:
    assert {name for name, _ in await parts(client, "echo")} == {"metadata", "values"}
    assert {name for name, _ in await parts(client, "echo", stream_mode="updates")} == {"metadata", "updates"}


@pytest.mark.behaviour("stream.custom")
async def test_custom_events_go_through_as_they_are(client: Client) -> None:
    assert (await parts(client, "echo", stream_mode="custom"))[1:] == [("custom", {"progress": 1})]


@pytest.mark.behaviour("stream.tasks")
async def test_tasks_show_begin_and_end(client: Client) -> None:
    _, begin, end, *_ = await parts(client, "echo", stream_mode="tasks")
    assert set(begin[1]) >= {"id", "name", "input", "triggers"}
    assert (end[1]["name"], end[1]["error"], end[1]["interrupts"]) == ("first", None, [])
    assert end[1]["id"] == begin[1]["id"]


@pytest.mark.behaviour("stream.checkpoints")
async def test_checkpoints_show_where_the_run_is(client: Client, thread_id: str) -> None:
    _, *events = await parts(client, "echo", thread_id, stream_mode="checkpoints")
    assert [data["metadata"]["step"] for _, data in events] == [-1, 0, 1, 2]
    assert [data["next"] for _, data in events] == [["__start__"], ["first"], ["second"], []]
    assert events[-1][1]["config"]["configurable"]["thread_id"] == thread_id


@pytest.mark.behaviour("stream.debug-checkpoints")
async def test_debug_checkpoints_carry_what_studio_reads(client: Client, thread_id: str) -> None:
    _, *events = await parts(client, "echo", thread_id, stream_mode="debug")
    assert {data["type"] for _, data in events} == {"checkpoint", "task", "task_result"}
    *_, before, last = [data["payload"] for _, data in events if data["type"] == "checkpoint"]
    assert last["checkpoint"]["thread_id"] == thread_id
    assert last["parent_checkpoint"]["checkpoint_id"] == before["checkpoint"]["checkpoint_id"]


@pytest.mark.behaviour("stream.messages-tuple")
async def test_message_tuples_are_chunks_with_metadata(client: Client) -> None:
    _, *events = await parts(client, "agent", input=HELLO, stream_mode="messages-tuple")
    assert {name for name, _ in events} == {"messages"}
    chunks = [data for _, data in events]
    assert all(isinstance(message, dict) and metadata["run_id"] for message, metadata in chunks)
    spoken = [m["content"] for m, _ in chunks if m["type"] == "AIMessageChunk" and m["content"]]
    assert "".join(spoken).strip() == "I heard sun over Oslo"
    assert chunks[-1][1]["langgraph_node"] == "model"


@pytest.mark.behaviour("stream.messages-accumulated")
async def test_messages_are_accumulated(client: Client) -> None:
    _, *events = await parts(client, "agent", input=HELLO, stream_mode="messages")
    assert {n for n, _ in events} == {"messages/metadata", "messages/partial", "messages/complete"}
    partial = [data[0] for name, data in events if name == "messages/partial"]
    assert {m["type"] for m in partial} == {"ai"}
    told = [m["content"] for m in partial if m["content"]]
    assert all(later.startswith(earlier) for earlier, later in pairwise(told))
    assert told[-1].strip() == "I heard sun over Oslo"
    (metadata,) = [d for n, d in events if n == "messages/metadata" and partial[-1]["id"] in d]
    assert metadata[partial[-1]["id"]]["metadata"]["langgraph_node"] == "model"
    (tool,) = [data[0] for name, data in events if name == "messages/complete"]
    assert (tool["type"], tool["content"]) == ("tool", "sun over Oslo")


@pytest.mark.behaviour("stream.events")
async def test_events_are_those_of_langchain(client: Client) -> None:
    first, *events = await parts(client, "agent", input=HELLO, stream_mode="events")
    assert {name for name, _ in events} == {"events"}
    root = events[0][1]
    assert (root["event"], root["run_id"], root["parent_ids"]) == ("on_chain_start", first[1]["run_id"], [])
    assert "on_chat_model_stream" in {data["event"] for _, data in events}
    assert events[-1][1]["event"] == "on_chain_end"


@pytest.mark.behaviour("stream.events")
async def test_events_and_values_go_together(client: Client) -> None:
    both = await parts(client, "echo", input={"x": 1}, stream_mode=["events", "values"])
    names = [name for name, _ in both]
    assert names.count("values") == 3
    assert names.count("events") > 3


@pytest.mark.behaviour("stream.sub-graph-names")
async def test_sub_graphs_are_named_in_the_event(client: Client, thread_id: str) -> None:
    _, *events = await parts(client, "sub", thread_id, stream_mode="updates", stream_subgraphs=True)
    names = [name.partition(":")[0] for name, _ in events]
    assert names == ["updates", "updates|calm", "updates", "updates|asking", "updates"]
    assert events[1][1] == {"inner": {"answer": "none yet"}}
    assert events[-1][1]["__interrupt__"][0]["value"] == "inside?"


@pytest.mark.behaviour("stream.sub-graph-names")
async def test_without_sub_graphs_only_the_root_is_shown(client: Client, thread_id: str) -> None:
    names = {name for name, _ in await parts(client, "sub", thread_id, stream_mode=["updates", "values"])}
    assert names == {"metadata", "updates", "values"}


@pytest.mark.behaviour("stream.interrupt")
async def test_a_question_is_in_updates_and_values(client: Client, thread_id: str) -> None:
    _, *events = await parts(client, "ask", thread_id, stream_mode=["updates", "values"])
    shown = {"value": {"question": "ok?", "x": None}, "response_schema": None}
    for _, data in events[-2:]:
        assert [{k: q[k] for k in shown} for q in data["__interrupt__"]] == [shown]


@pytest.mark.behaviour("stream.interrupt-always-told")
async def test_a_question_reaches_those_who_stream_only_messages(client: Client, thread_id: str) -> None:
    events = await parts(client, "ask", thread_id, stream_mode="messages-tuple")
    assert events[-1][0] == "updates"
    assert "__interrupt__" in events[-1][1]


@pytest.mark.behaviour("stream.error-event")
async def test_a_failure_is_the_last_event(client: Client) -> None:
    events = await parts(client, "fails")
    assert events[-1] == ("error", {"error": "ValueError", "message": "boom from node"})


@pytest.mark.behaviour("stream.breakpoint")
async def test_a_breakpoint_is_an_update_without_questions(client: Client, thread_id: str) -> None:
    events = await parts(client, "breakpoints", thread_id, stream_mode="updates", interrupt_before=["two"])
    assert events[-1] == ("updates", {"__interrupt__": []})


@pytest.mark.behaviour("runs.stateless.streams")
async def test_a_stateless_run_streams_too(client: Client) -> None:
    assert (await parts(client, "echo", None, input={"x": 7}))[-1][1]["x"] == 7


@pytest.mark.behaviour("python-sdk.on-run-created")
async def test_the_client_hears_of_the_run_before_its_first_event(client: Client, thread_id: str) -> None:
    heard: list[Any] = []
    async for _ in client.runs.stream(thread_id, "echo", input={}, on_run_created=heard.append):
        assert heard
    (run,) = await client.runs.list(thread_id)
    assert heard == [{"run_id": run["run_id"], "thread_id": thread_id}]


@pytest.mark.behaviour("python-sdk.v2-parts")
async def test_v2_parts_are_understood_by_the_client(client: Client, thread_id: str) -> None:
    stream = client.runs.stream(thread_id, "ask", input={}, stream_mode=["values"], version="v2")
    last = [part async for part in stream][-1]
    assert last["type"] == "values"
    assert [i["value"] for i in last["interrupts"]] == [{"question": "ok?", "x": None}]
