"""The state of a thread: read in every form, gone through, edited, forked."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import pytest_asyncio
from api.scene import Client, busy_run, rows
from langgraph_sdk.errors import BadRequestError, ConflictError, NotFoundError, UnprocessableEntityError

EMPTY: dict[str, Any] = {
    "values": {}, "next": [], "tasks": [], "metadata": None, "created_at": None, "checkpoint": None,
    "parent_checkpoint": None, "interrupts": [], "checkpoint_id": None, "parent_checkpoint_id": None,
}  # fmt: skip


@pytest_asyncio.fixture(loop_scope="session")
async def ran(client: Client, thread_id: str) -> str:
    """A thread on which `echo` ran once."""
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    return thread_id


async def history(client: Client, thread_id: str, **options: Any) -> list[Any]:
    return list(await client.threads.get_history(thread_id, limit=100, **options))


@pytest.mark.behaviour("state.empty")
async def test_an_unused_thread_has_the_empty_state(client: Client, thread_id: str) -> None:
    assert await client.threads.get_state(thread_id) == EMPTY
    assert await history(client, thread_id) == []


@pytest.mark.behaviour("state.object")
async def test_a_state_tells_values_next_and_where_it_is(client: Client, ran: str) -> None:
    state = await client.threads.get_state(ran)
    assert state["values"]["log"] == ["first", "second"]
    assert (state["next"], state["tasks"], state["interrupts"]) == ([], [], [])
    assert state["checkpoint"] == {
        "thread_id": ran, "checkpoint_ns": "", "checkpoint_id": state["checkpoint_id"],
    }  # fmt: skip
    assert state["parent_checkpoint"]["checkpoint_id"] == state["parent_checkpoint_id"]
    metadata = state["metadata"]
    assert (metadata["source"], metadata["step"], metadata["graph_id"]) == ("loop", 2, "echo")


async def test_the_metadata_of_a_state_names_its_thread_also_in_a_copy(client: Client, ran: str) -> None:
    copy = (await client.threads.copy(ran))["thread_id"]
    for thread_id in (ran, copy):
        states = [await client.threads.get_state(thread_id), *await history(client, thread_id)]
        assert {state["metadata"]["thread_id"] for state in states} == {thread_id}


@pytest.mark.behaviour("state.checkpoint-partial")
async def test_every_form_of_asking_gives_the_same_state(
    client: Client, http: httpx.AsyncClient, ran: str
) -> None:
    newest, middle = (await history(client, ran))[:2]
    point = middle["checkpoint"]
    assert await client.threads.get_state(ran, checkpoint_id=middle["checkpoint_id"]) == middle
    assert await client.threads.get_state(ran, checkpoint=point) == middle
    for body in ({"thread_id": ran}, {"thread_id": ran, "checkpoint_id": newest["checkpoint_id"]}, {}):
        answer = await http.post(f"/threads/{ran}/state/checkpoint", json={"checkpoint": body})
        assert answer.json() == newest


@pytest.mark.behaviour("state.unknown-checkpoint-empty")
async def test_an_unknown_checkpoint_has_the_empty_state(client: Client, ran: str) -> None:
    for nowhere in ({"checkpoint_id": "1f0c1c1c-0000-6000-8000-000000000000"}, {"checkpoint_ns": "no:1"}):
        state = await client.threads.get_state(ran, checkpoint=nowhere)
        assert (state["values"], state["checkpoint"]) == ({}, None)


@pytest.mark.behaviour("history.newest-first-one-by-default")
async def test_history_is_newest_first_and_one_by_default(
    client: Client, http: httpx.AsyncClient, ran: str
) -> None:
    states = await history(client, ran)
    assert [s["metadata"]["step"] for s in states] == [2, 1, 0, -1]
    assert [s["next"] for s in states] == [[], ["second"], ["first"], ["__start__"]]
    assert states[1]["tasks"][0]["result"] == {"log": ["second"]}
    for answer in (await http.get(f"/threads/{ran}/history"), await http.post(f"/threads/{ran}/history")):
        assert answer.json() == states[:1]


@pytest.mark.behaviour("history.before-in-three-forms")
async def test_before_is_an_id_a_checkpoint_or_a_config(client: Client, ran: str) -> None:
    newest, *older = await history(client, ran)
    point = newest["checkpoint"]
    for before in (newest["checkpoint_id"], point, {"configurable": point}):
        assert await history(client, ran, before=before) == older


@pytest.mark.behaviour("history.metadata-filter")
async def test_history_is_filtered_by_metadata(client: Client, ran: str) -> None:
    (first,) = await history(client, ran, metadata={"source": "input"})
    assert first["metadata"]["step"] == -1
    assert await history(client, ran, metadata={"source": "nobody"}) == []


@pytest.mark.behaviour("state.update-answers-config")
async def test_an_update_is_a_new_head_of_the_thread(client: Client, ran: str) -> None:
    before = await client.threads.get_state(ran)
    made = await client.threads.update_state(ran, {"x": 2})
    after = await client.threads.get_state(ran)
    assert made["checkpoint"] == made["configurable"] == after["checkpoint"]
    assert made["checkpoint_id"] == after["checkpoint_id"]
    assert after["values"]["x"] == 2
    assert after["metadata"]["source"] == "update"
    assert after["parent_checkpoint_id"] == before["checkpoint_id"]
    assert (await client.threads.get(ran))["values"]["x"] == 2


@pytest.mark.behaviour("state.as-node")
async def test_an_update_as_a_node_goes_on_after_that_node(client: Client, ran: str) -> None:
    await client.threads.update_state(ran, {"log": ["edited"]}, as_node="first")
    assert (await client.threads.get_state(ran))["next"] == ["second"]
    assert (await client.threads.get(ran))["status"] == "interrupted"
    values = await client.runs.wait(ran, "echo", input=None)
    assert values["log"] == ["first", "second", "edited", "second"]


@pytest.mark.behaviour("state.as-node-end-resolves")
async def test_an_update_as_the_end_drops_the_question(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask", input={})
    await client.threads.update_state(thread_id, None, as_node="__end__")
    state = await client.threads.get_state(thread_id)
    assert (state["next"], state["interrupts"]) == ([], [])
    thread = await client.threads.get(thread_id)
    assert (thread["status"], thread["interrupts"]) == ("idle", {})


@pytest.mark.behaviour("state.as-node")
async def test_an_update_as_the_start_schedules_the_first_node(client: Client, ran: str) -> None:
    await client.threads.update_state(ran, {"x": 3}, as_node="__start__")
    state = await client.threads.get_state(ran)
    assert (state["next"], state["values"]["x"]) == (["first"], 3)


@pytest.mark.behaviour("state.update-forks")
async def test_an_update_at_a_checkpoint_forks_there(client: Client, ran: str) -> None:
    middle = (await history(client, ran))[1]
    await client.threads.update_state(ran, {"x": "fork"}, checkpoint_id=middle["checkpoint_id"])
    head = await client.threads.get_state(ran)
    assert head["parent_checkpoint_id"] == middle["checkpoint_id"]
    assert head["values"]["log"] == ["first"]
    assert (await client.runs.wait(ran, "echo", input=None))["log"] == ["first", "second"]


@pytest.mark.behaviour("state.copy-runs-again")
async def test_studio_runs_again_from_a_checkpoint(client: Client, ran: str) -> None:
    middle = (await history(client, ran))[1]
    made = await client.threads.update_state(ran, None, as_node="__copy__", checkpoint=middle["checkpoint"])
    head = await client.threads.get_state(ran)
    assert head["checkpoint_id"] == made["checkpoint_id"]
    assert head["metadata"]["source"] == "fork"
    assert head["parent_checkpoint_id"] == middle["parent_checkpoint_id"]
    assert head["next"] == ["second"]


@pytest.mark.behaviour("state.update-null")
async def test_an_update_with_nothing_is_an_identical_state(client: Client, ran: str) -> None:
    before = await client.threads.get_state(ran)
    await client.threads.update_state(ran, None)
    after = await client.threads.get_state(ran)
    assert after["values"] == before["values"]
    assert after["checkpoint_id"] != before["checkpoint_id"]


@pytest.mark.behaviour("state.update-needs-graph")
async def test_a_thread_that_never_ran_is_edited_once_it_names_its_graph(client: Client) -> None:
    thread = await client.threads.create(graph_id="echo")
    await client.threads.update_state(thread["thread_id"], {"x": 1}, as_node="first")
    assert (await client.threads.get_state(thread["thread_id"]))["next"] == ["second"]

    nameless = await client.threads.create()
    with pytest.raises(BadRequestError, match="no graph yet"):
        await client.threads.update_state(nameless["thread_id"], {"x": 1})


async def test_a_thread_of_an_unknown_graph_is_told_at_once(client: Client) -> None:
    lost = (await client.threads.create(graph_id="nope"))["thread_id"]
    broken = (await client.threads.create(graph_id="broken"))["thread_id"]
    async with asyncio.timeout(2):
        with pytest.raises(NotFoundError, match="'nope' in its metadata"):
            await client.threads.get_state(lost)
        with pytest.raises(UnprocessableEntityError, match="nothing_of_that_name"):
            await client.threads.get_history(broken)


@pytest.mark.behaviour("state.update-refused")
async def test_wrong_updates_are_refused_and_change_nothing(client: Client, ran: str) -> None:
    before = await history(client, ran)
    with pytest.raises(BadRequestError, match="Node nope does not exist"):
        await client.threads.update_state(ran, {"x": 1}, as_node="nope")
    with pytest.raises(BadRequestError, match="list"):
        await client.threads.update_state(ran, [{"x": 1}])
    with pytest.raises(NotFoundError, match="no checkpoint"):
        await client.threads.update_state(ran, {"x": 1}, checkpoint_id="nowhere")
    assert await history(client, ran) == before


async def test_an_edit_that_fails_half_way_leaves_nothing(
    client: Client, ran: str, stack_database: str
) -> None:
    before = rows(stack_database)
    with pytest.raises(BadRequestError, match="TypeError"):
        await client.threads.update_state(ran, {"log": 5}, as_node="first")
    assert rows(stack_database) == before


@pytest.mark.behaviour("state.update-busy")
async def test_a_busy_thread_is_not_edited(client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    with pytest.raises(ConflictError, match="in flight"):
        await client.threads.update_state(thread_id, {"log": ["mine"]})
    await client.runs.cancel(thread_id, run_id, wait=True)
    assert (await client.threads.get_state(thread_id))["values"]["log"] == ["before"]
    await client.threads.update_state(thread_id, {"log": ["mine"]}, as_node="before")
    assert (await client.threads.get_state(thread_id))["values"]["log"] == ["before", "mine"]


@pytest.mark.behaviour("state.sub-graphs")
async def test_the_state_of_a_sub_graph_is_shown_and_edited(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "sub", input={})
    (task,) = (await client.threads.get_state(thread_id))["tasks"]
    assert task["name"] == "asking"
    assert task["checkpoint"]["checkpoint_ns"].startswith("asking:")
    (deep,) = (await client.threads.get_state(thread_id, subgraphs=True))["tasks"]
    assert deep["checkpoint"] is None
    assert deep["state"]["next"] == ["question"]

    inside = await client.threads.get_state(thread_id, checkpoint=task["checkpoint"])
    assert inside["tasks"][0]["interrupts"][0]["value"] == "inside?"
    assert await history(client, thread_id, checkpoint=task["checkpoint"])
    made = await client.threads.update_state(
        thread_id, {"answer": "edited"}, as_node="question", checkpoint=inside["checkpoint"]
    )
    assert made["checkpoint"]["checkpoint_ns"] == task["checkpoint"]["checkpoint_ns"]
    assert (await client.runs.wait(thread_id, "sub", input=None))["answer"] == "edited"
