"""Threads through the official client."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx
import pytest
from api.scene import Client, busy_run, until
from langgraph_sdk.errors import ConflictError, NotFoundError, UnprocessableEntityError


@pytest.mark.behaviour("threads.new-is-empty")
async def test_a_new_thread_has_no_state_yet(client: Client) -> None:
    thread = await client.threads.create(metadata={"who": "me"})
    assert list(thread) == [
        "thread_id", "created_at", "updated_at", "state_updated_at", "metadata", "status", "config", "values",
    ]  # fmt: skip
    assert (thread["status"], thread["values"], thread["metadata"]) == ("idle", None, {"who": "me"})
    assert await client.threads.get(thread["thread_id"]) == thread


@pytest.mark.behaviour("threads.if-exists")
async def test_an_existing_id_is_refused_or_given_back(client: Client, thread_id: str) -> None:
    with pytest.raises(ConflictError, match="already exists"):
        await client.threads.create(thread_id=thread_id)
    again = await client.threads.create(thread_id=thread_id, if_exists="do_nothing")
    assert again["thread_id"] == thread_id


@pytest.mark.behaviour("threads.metadata-merged")
async def test_metadata_is_merged(client: Client) -> None:
    thread = await client.threads.create(metadata={"a": 1, "b": 1})
    changed = await client.threads.update(thread["thread_id"], metadata={"b": 2})
    assert changed["metadata"] == {"a": 1, "b": 2}
    assert changed["updated_at"] > thread["updated_at"]


@pytest.mark.behaviour("threads.minimal-update")
async def test_a_minimal_update_answers_nothing(client: Client, thread_id: str) -> None:
    assert await client.threads.update(thread_id, metadata={"a": 1}, return_minimal=True) is None
    assert (await client.threads.get(thread_id))["metadata"] == {"a": 1}


@pytest.mark.behaviour("threads.delete")
async def test_a_deleted_thread_is_gone_with_all_it_had(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={})
    await client.threads.delete(thread_id)
    for missing in (client.threads.get, client.threads.get_state, client.runs.list, client.threads.delete):
        with pytest.raises(NotFoundError):
            await missing(thread_id)


@pytest.mark.behaviour("threads.delete-while-busy")
async def test_a_thread_is_deleted_under_a_running_run(client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    await client.threads.delete(thread_id)
    with pytest.raises(NotFoundError):
        await client.runs.get(thread_id, run_id)
    assert (await client.runs.wait(None, "echo", input={"x": 1}))["x"] == 1


@pytest.mark.behaviour("runs.graph-id-in-thread-metadata", "threads.values")
async def test_a_run_writes_its_graph_and_values_into_the_thread(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": 1})
    thread = await client.threads.get(thread_id)
    assert thread["metadata"]["graph_id"] == "echo"
    assert "assistant_id" in thread["metadata"]
    assert thread["values"]["x"] == 1
    assert thread["interrupts"] == {}
    assert thread["status"] == "idle"


@pytest.mark.behaviour("threads.interrupts-by-task")
async def test_a_question_is_shown_on_the_thread_by_task(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask", input={"x": 1})
    (thread,) = await client.threads.search(status="interrupted", ids=[thread_id])
    ((task_id, (question,)),) = thread["interrupts"].items()
    state = await client.threads.get_state(thread_id)
    assert task_id == state["tasks"][0]["id"]
    assert question == {"value": {"question": "ok?", "x": 1}, "id": state["interrupts"][0]["id"]}
    assert thread["values"] == {"x": 1, "answers": []}


@pytest.mark.behaviour("threads.status")
async def test_the_status_follows_the_run(client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    assert (await client.threads.get(thread_id))["status"] == "busy"
    await client.runs.cancel(thread_id, run_id, wait=True)
    assert (await client.threads.get(thread_id))["status"] == "interrupted"
    await client.runs.wait(thread_id, "fails", input={}, raise_error=False)
    thread = await client.threads.get(thread_id)
    assert thread["status"] == "error"
    assert thread["error"] == {"error": "ValueError", "message": "boom from node"}
    await client.runs.wait(thread_id, "fails", input={"calm": True})
    thread = await client.threads.get(thread_id)
    assert (thread["status"], thread["error"]) == ("idle", None)


@pytest.mark.behaviour("threads.search", "threads.pagination")
async def test_search_filters_sorts_and_pages(client: Client, http: httpx.AsyncClient) -> None:
    batch = str(uuid4())
    made = [await client.threads.create(metadata={"batch": batch, "deep": {"n": n}}) for n in range(3)]
    ids = [t["thread_id"] for t in made]

    newest_first = await client.threads.search(metadata={"batch": batch})
    assert [t["thread_id"] for t in newest_first] == ids[::-1]
    assert await client.threads.search(metadata={"batch": batch, "deep": {"n": 1}}) == [made[1]]
    assert await client.threads.search(ids=[ids[2]]) == [made[2]]
    assert await client.threads.search(metadata={"batch": batch}, status="busy") == []
    assert await client.threads.count(metadata={"batch": batch}) == 3

    body = {"metadata": {"batch": batch}, "limit": 2, "sort_by": "created_at", "sort_order": "asc"}
    page = await http.post("/threads/search", json=body)
    assert [t["thread_id"] for t in page.json()] == ids[:2]
    assert page.headers["x-pagination-total"] == "3"
    assert page.headers["x-pagination-next"] == "2"
    last = await http.post("/threads/search", json=body | {"offset": 2})
    assert "x-pagination-next" not in last.headers


@pytest.mark.behaviour("threads.select")
async def test_search_shows_only_what_is_selected(client: Client, thread_id: str) -> None:
    found = await client.threads.search(ids=[thread_id], select=["thread_id", "status"])
    assert found == [{"thread_id": thread_id, "status": "idle"}]


@pytest.mark.behaviour("threads.search-values")
async def test_search_by_values_finds_the_thread(client: Client, thread_id: str) -> None:
    mark = str(uuid4())
    await client.runs.wait(thread_id, "echo", input={"x": {"mark": mark, "more": 1}})
    found = await client.threads.search(values={"x": {"mark": mark}})
    assert [t["thread_id"] for t in found] == [thread_id]
    assert await client.threads.count(values={"x": {"mark": mark}}) == 1


@pytest.mark.behaviour("threads.copy")
async def test_a_copy_has_the_history_and_goes_its_own_way(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask", input={"x": 1})
    copy = await client.threads.copy(thread_id)
    original, copied = [await client.threads.get_history(t, limit=50) for t in (thread_id, copy["thread_id"])]
    assert [s["checkpoint_id"] for s in copied] == [s["checkpoint_id"] for s in original]
    assert {s["checkpoint"]["thread_id"] for s in copied} == {copy["thread_id"]}

    answered = await client.runs.wait(copy["thread_id"], "ask", command={"resume": "yes"})
    assert answered["answers"] == ["yes"]
    assert (await client.threads.get(thread_id))["status"] == "interrupted"


@pytest.mark.behaviour("threads.copy-while-busy")
async def test_a_busy_thread_can_be_copied(client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    copy = await client.threads.copy(thread_id)
    assert copy["status"] in ("idle", "interrupted")
    assert (await client.threads.get_state(copy["thread_id"]))["next"] == ["sleep"]
    await client.runs.cancel(thread_id, run_id, wait=True)


async def test_two_runs_at_once_create_one_thread(client: Client) -> None:
    thread_id = str(uuid4())
    runs = await asyncio.gather(
        *(client.runs.create(thread_id, "echo", input={}, if_not_exists="create") for _ in range(5))
    )

    async def idle() -> bool:
        return bool((await client.threads.get(thread_id))["status"] == "idle")

    await until(idle)
    assert len({r["run_id"] for r in runs}) == 5
    assert (await client.threads.get_state(thread_id))["values"]["log"] == ["first", "second"] * 5


@pytest.mark.behaviour("threads.extract")
async def test_single_values_are_extracted_from_many_threads(client: Client, thread_id: str) -> None:
    await client.runs.wait(thread_id, "echo", input={"x": ["how much?"]})
    [found] = await client.threads.search(
        ids=[thread_id],
        select=["thread_id"],
        extract={"last": "values.x[-1]", "graph": "metadata.graph_id", "none": "values.nothing"},
    )
    assert found == {
        "thread_id": thread_id,
        "extracted": {"last": "how much?", "graph": "echo", "none": None},
    }


@pytest.mark.behaviour("threads.extract-bad-path")
async def test_a_path_that_cannot_be_read_is_refused(client: Client) -> None:
    with pytest.raises(UnprocessableEntityError, match="no path"):
        await client.threads.search(extract={"bad": "values.[["})
