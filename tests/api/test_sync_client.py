"""The synchronous face of the Python SDK: the main calls, from a plain function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langgraph_sdk import get_sync_client
from langgraph_sdk.errors import ConflictError, NotFoundError
from stack import Stack

pytestmark = pytest.mark.behaviour("python-sdk.sync-client")


@pytest.fixture
def sync(stack: Stack) -> Iterator[Any]:
    """The official client; typed as anything, as its answers are."""
    with get_sync_client(url=stack.url, api_key=None) as client:
        yield client


@pytest.fixture
def thread_id(sync: Any) -> str:
    """The id of an empty thread."""
    return str(sync.threads.create()["thread_id"])


def test_assistants_are_found_and_described(sync: Any) -> None:
    (found,) = sync.assistants.search(graph_id="echo", metadata={"created_by": "system"})
    assert sync.assistants.get(found["assistant_id"]) == found
    assert sync.assistants.get_schemas("echo")["graph_id"] == "echo"
    assert sync.assistants.get_graph("sub", xray=True)["nodes"]
    made = sync.assistants.create("echo", name="sync")
    assert sync.assistants.update(made["assistant_id"], name="changed")["version"] == 2
    assert sync.assistants.delete(made["assistant_id"]) is None


def test_a_thread_lives_from_its_making_to_its_end(sync: Any) -> None:
    thread = sync.threads.create(metadata={"who": "sync"}, graph_id="echo")
    thread_id = thread["thread_id"]
    assert sync.threads.update(thread_id, metadata={"more": 1})["metadata"]["more"] == 1
    assert sync.threads.search(ids=[thread_id])[0]["thread_id"] == thread_id
    assert sync.threads.count(metadata={"who": "nobody of that name"}) == 0
    sync.runs.wait(thread_id, "echo", input={"x": 1})
    made = sync.threads.update_state(thread_id, {"x": 2}, as_node="first")
    state = sync.threads.get_state(thread_id, checkpoint=made["checkpoint"])
    assert (state["values"]["x"], state["next"]) == (2, ["second"])
    assert len(sync.threads.get_history(thread_id)) == 5
    assert len(sync.threads.get_history(thread_id, before=state["checkpoint"])) == 4
    copy = sync.threads.copy(thread_id)
    sync.threads.delete(thread_id)
    with pytest.raises(NotFoundError):
        sync.threads.get(thread_id)
    assert sync.threads.get_state(copy["thread_id"])["values"]["x"] == 2


def test_a_run_is_waited_for_streamed_joined_and_cancelled(sync: Any, thread_id: str) -> None:
    heard: list[Any] = []
    values = sync.runs.wait(thread_id, "echo", input={"x": 1}, on_run_created=heard.append)
    assert values["log"] == ["first", "second"]
    (run,) = sync.runs.list(thread_id)
    assert heard == [{"run_id": run["run_id"], "thread_id": thread_id}]
    stream = sync.runs.stream(thread_id, "echo", input={}, stream_mode=["updates"], stream_resumable=True)
    parts = list(stream)
    assert [p.event for p in parts] == ["metadata", "updates", "updates"]
    again = sync.runs.join_stream(thread_id, parts[0].data["run_id"], last_event_id=parts[1].id)
    assert list(again) == parts[2:]

    slow = sync.runs.create(thread_id, "slow", input={"seconds": 60})
    with pytest.raises(ConflictError):
        sync.runs.create(thread_id, "echo", input={}, multitask_strategy="reject")
    sync.runs.cancel(thread_id, slow["run_id"], wait=True)
    assert sync.runs.get(thread_id, slow["run_id"])["status"] == "interrupted"
    assert "__error__" not in sync.runs.join(thread_id, slow["run_id"])
    assert sync.runs.delete(thread_id, slow["run_id"]) is None


def test_a_question_is_answered(sync: Any, thread_id: str) -> None:
    asked = sync.runs.wait(thread_id, "ask", input={"x": 1})
    assert asked["__interrupt__"][0]["value"] == {"question": "ok?", "x": 1}
    *_, last = sync.runs.stream(thread_id, "ask", command={"resume": "yes"})
    assert last.data["answers"] == ["yes"]


def test_a_stateless_run_and_a_failure(sync: Any) -> None:
    assert sync.runs.wait(None, "echo", input={"x": 3})["x"] == 3
    assert list(sync.runs.stream(None, "fails", input={}))[-1].event == "error"
    with pytest.raises(Exception, match="boom from node"):
        sync.runs.wait(None, "fails", input={})
