"""Runs through the official client: started, waited for, joined, listed, deleted."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx
import pytest
from api.scene import Client, busy_run, status_of, until
from langgraph_sdk.errors import ConflictError, NotFoundError


@pytest.mark.behaviour("runs.wait.values")
async def test_wait_answers_with_the_final_values(client: Client, thread_id: str) -> None:
    values = await client.runs.wait(thread_id, "echo", input={"x": {"any": [1, None, "ü"]}})
    assert values["x"] == {"any": [1, None, "ü"]}
    assert values["log"] == ["first", "second"]


async def test_a_second_run_goes_on_from_the_first(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    assert (await client.runs.wait(thread_id, "echo", input={}))["log"] == ["first", "second"] * 2


@pytest.mark.behaviour("runs.object", "runs.list")
async def test_a_created_run_is_shown_joined_and_listed(client: Client, thread_id: str) -> None:
    run = await client.runs.create(
        thread_id, "echo", input={"x": 1}, metadata={"mark": 1}, stream_mode="updates"
    )
    assert (run["status"], run["multitask_strategy"]) == ("pending", "enqueue")
    assert run["kwargs"]["input"] == {"x": 1}
    assert run["kwargs"]["stream_mode"] == ["updates"]
    assert run["metadata"]["mark"] == 1
    assert run["metadata"]["graph_id"] == "echo"

    assert (await client.runs.join(thread_id, run["run_id"]))["x"] == 1
    done = await client.runs.get(thread_id, run["run_id"])
    assert done["status"] == "success"
    assert await client.runs.list(thread_id) == [done]
    assert await client.runs.list(thread_id, status="error") == []
    assert await client.runs.list(thread_id, select=["run_id", "status"]) == [
        {"run_id": run["run_id"], "status": "success"}
    ]


@pytest.mark.behaviour("runs.list")
async def test_runs_are_listed_newest_first_in_pages(client: Client, thread_id: str) -> None:
    ids = [(await client.runs.create(thread_id, "echo", input={}))["run_id"] for _ in range(3)]
    assert [r["run_id"] for r in await client.runs.list(thread_id)] == ids[::-1]
    assert [r["run_id"] for r in await client.runs.list(thread_id, limit=1, offset=1)] == [ids[1]]


@pytest.mark.behaviour("runs.wait.failure-is-200")
async def test_a_failed_run_tells_its_error_with_status_200(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    answer = await http.post(f"/threads/{thread_id}/runs/wait", json={"assistant_id": "fails", "input": {}})
    failure = {"error": "ValueError", "message": "boom from node"}
    assert (answer.status_code, answer.json()) == (200, {"__error__": failure})
    with pytest.raises(Exception, match="boom from node"):
        await client.runs.wait(thread_id, "fails", input={})
    (_, first) = await client.runs.list(thread_id)
    assert first["status"] == "error"
    again = await http.get(f"/threads/{thread_id}/runs/{first['run_id']}/join")
    assert again.json() == {"__error__": failure}


@pytest.mark.behaviour("runs.bad-input-is-run-error")
@pytest.mark.parametrize(("given", "error"), [(None, "EmptyInputError"), (["list"], "InvalidUpdateError")])
async def test_an_input_that_does_not_fit_the_graph_is_an_error_of_the_run(
    http: httpx.AsyncClient, given: object, error: str
) -> None:
    answer = await http.post("/runs/wait", json={"assistant_id": "echo", "input": given})
    assert answer.status_code == 200
    assert answer.json()["__error__"]["error"] == error


@pytest.mark.behaviour("runs.recursion-limit")
async def test_the_recursion_limit_ends_a_run(http: httpx.AsyncClient) -> None:
    body = {"assistant_id": "echo", "input": {}, "config": {"recursion_limit": 1}}
    answer = await http.post("/runs/wait", json=body)
    assert answer.json()["__error__"]["error"] == "GraphRecursionError"


@pytest.mark.behaviour("runs.stateless.temporary-thread")
async def test_a_stateless_run_leaves_no_thread(client: Client) -> None:
    run = await client.runs.create(None, "echo", input={"x": 1})

    async def hidden() -> bool:
        try:
            await client.threads.get(run["thread_id"])
        except NotFoundError:
            return True
        return False

    await until(hidden)
    assert await client.threads.search(ids=[run["thread_id"]]) == []


@pytest.mark.behaviour("runs.stateless.temporary-thread")
async def test_a_stateless_run_keeps_its_thread_on_request(client: Client) -> None:
    run = await client.runs.create(None, "echo", input={"x": 1}, on_completion="keep")
    await client.runs.join(run["thread_id"], run["run_id"])
    assert (await client.threads.get_state(run["thread_id"]))["values"]["x"] == 1


@pytest.mark.behaviour("runs.if-not-exists")
async def test_a_missing_thread_is_made_on_request(client: Client) -> None:
    thread_id = str(uuid4())
    with pytest.raises(NotFoundError):
        await client.runs.create(thread_id, "echo", input={})
    await client.runs.wait(thread_id, "echo", input={}, if_not_exists="create", metadata={"mark": 1})
    assert (await client.threads.get(thread_id))["metadata"]["mark"] == 1


@pytest.mark.behaviour("threads.status", "runs.after-seconds")
async def test_a_run_can_be_put_off(client: Client, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "echo", input={}, after_seconds=1)
    assert run["status"] == "pending"
    assert (await client.threads.get(thread_id))["status"] == "busy"
    assert (await client.runs.join(thread_id, run["run_id"]))["log"] == ["first", "second"]


@pytest.mark.behaviour("runs.from-checkpoint")
async def test_a_run_starts_from_a_checkpoint(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    middle = (await client.threads.get_history(thread_id, limit=9))[1]
    values = await client.runs.wait(thread_id, "echo", checkpoint_id=middle["checkpoint_id"])
    assert values["log"] == ["first", "second"]
    with pytest.raises(NotFoundError, match="no checkpoint"):
        await client.runs.create(thread_id, "echo", checkpoint_id=str(uuid4()))


@pytest.mark.behaviour("runs.delete")
async def test_a_finished_run_is_deleted_and_its_state_stays(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    (run,) = await client.runs.list(thread_id)
    await client.runs.delete(thread_id, run["run_id"])
    for missing in (client.runs.get, client.runs.delete):
        with pytest.raises(NotFoundError, match="Run not found"):
            await missing(thread_id, run["run_id"])
    assert (await client.threads.get_state(thread_id))["values"]["x"] == 1


@pytest.mark.behaviour("threads.never-stuck-busy")
async def test_a_deleted_running_run_frees_its_thread(client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    await client.runs.delete(thread_id, run_id)
    assert (await client.threads.get(thread_id))["status"] != "busy"
    assert (await client.runs.wait(thread_id, "echo", input={"x": 1}))["x"] == 1


@pytest.mark.behaviour("runs.identity-in-config")
async def test_a_run_hears_of_itself_in_its_config(client: Client, thread_id: str) -> None:
    given = {"thread_id": "forged", "run_id": "forged", "mine": 1}
    run = await client.runs.create(thread_id, "echo", input={}, config={"configurable": given})
    seen = (await client.runs.join(thread_id, run["run_id"]))["config"]["configurable"]
    assert (seen["thread_id"], seen["run_id"], seen["mine"]) == (thread_id, run["run_id"], 1)
    assert seen["graph_id"] == "echo"


@pytest.mark.behaviour("runs.context")
async def test_context_reaches_the_graph_or_is_refused_beside_a_configurable(
    client: Client, http: httpx.AsyncClient
) -> None:
    seen = await client.runs.wait(None, "echo", input={}, context={"user": "ann"})
    assert seen["config"]["configurable"]["user"] == "ann"
    both = {"assistant_id": "echo", "input": {}, "context": {"a": 1}, "config": {"configurable": {"b": 1}}}
    assert (await http.post("/runs", json=both)).status_code == 400


async def test_sixteen_threads_run_at_once_without_meeting(client: Client) -> None:
    answers = await asyncio.gather(*(client.runs.wait(None, "echo", input={"x": n}) for n in range(16)))
    assert [a["x"] for a in answers] == list(range(16))


@pytest.mark.behaviour("multitask.reject-is-409")
async def test_reject_is_refused_while_a_run_is_live(client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    with pytest.raises(ConflictError, match="already running a task"):
        await client.runs.create(thread_id, "echo", input={}, multitask_strategy="reject")
    await client.runs.cancel(thread_id, run_id, wait=True)
    assert await client.runs.wait(thread_id, "echo", input={}, multitask_strategy="reject")


@pytest.mark.behaviour("multitask.enqueue-is-default")
async def test_enqueued_runs_wait_their_turn(client: Client, thread_id: str) -> None:
    first = await busy_run(client, thread_id)
    queued = [await client.runs.create(thread_id, "echo", input={"x": n}) for n in range(2)]
    assert [await status_of(client, thread_id, run["run_id"]) for run in queued] == ["pending", "pending"]
    await client.runs.cancel(thread_id, first, wait=True)
    assert (await client.runs.join(thread_id, queued[1]["run_id"]))["log"] == [
        "before", *["first", "second"] * 2,
    ]  # fmt: skip


@pytest.mark.behaviour("multitask.interrupt")
async def test_interrupt_keeps_what_the_other_run_did(client: Client, thread_id: str) -> None:
    first = await busy_run(client, thread_id)
    queued = await client.runs.create(thread_id, "echo", input={})
    values = await client.runs.wait(thread_id, "echo", input={}, multitask_strategy="interrupt")
    assert values["log"] == ["before", "first", "second"]
    for run_id in (first, queued["run_id"]):
        assert await status_of(client, thread_id, run_id) == "interrupted"


@pytest.mark.behaviour("multitask.rollback")
async def test_rollback_leaves_no_trace_of_the_other_run(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    first = await busy_run(client, thread_id)
    queued = await client.runs.create(thread_id, "echo", input={})
    values = await client.runs.wait(thread_id, "echo", input={}, multitask_strategy="rollback")
    assert values["log"] == ["first", "second"] * 2
    for run_id in (first, queued["run_id"]):
        with pytest.raises(NotFoundError):
            await client.runs.get(thread_id, run_id)


async def test_the_metadata_of_a_run_is_its_own_over_the_threads_over_the_assistants(client: Client) -> None:
    assistant = await client.assistants.create("echo", metadata={"a": "assistant", "b": "assistant", "c": 1})
    thread = await client.threads.create(metadata={"b": "thread", "c": 2})
    run = await client.runs.create(
        thread["thread_id"], assistant["assistant_id"], input={}, metadata={"c": 3}
    )
    assert {name: run["metadata"][name] for name in "abc"} == {"a": "assistant", "b": "thread", "c": 3}
    assert run["metadata"]["assistant_id"] == assistant["assistant_id"]


async def test_a_failure_whose_message_holds_a_nul_ends_its_run(client: Client, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "fails", input={"words": "a\x00b"})
    ended = await client.runs.join(thread_id, run["run_id"])
    assert ended["__error__"] == {"error": "ValueError", "message": "a\ufffdb"}
    assert (await client.threads.get(thread_id))["status"] == "error"
