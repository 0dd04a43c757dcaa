"""A2A: assistants as agents, reached with the official client in both versions of the protocol."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

import httpx
import psycopg
import pytest
from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.client import Client as A2aClient
from a2a.compat.v0_3.types import AgentCard as EarlyCard
from a2a.helpers.proto_helpers import get_data_parts, new_data_part, new_text_part
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    Message,
    Part,
    Role,
    SendMessageRequest,
    StreamResponse,
    SubscribeToTaskRequest,
    Task,
    TaskState,
)
from a2a.utils.errors import TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError
from api.scene import Client, busy_run, until
from stack import SESSION, Stack, running

VERSIONS = ["1.0", "0.3"]


@asynccontextmanager
async def agent(
    stack: Stack, assistant: str, version: str = "1.0", *, streaming: bool = False, polling: bool = False
) -> AsyncIterator[A2aClient]:
    """The official client of one assistant; silent connections are given up after three seconds."""
    headers = {"a2a-version": version}
    async with httpx.AsyncClient(timeout=3, headers=headers) as http:
        card = await A2ACardResolver(http, f"{stack.url}/a2a/{assistant}").get_agent_card()
        spoken = [face for face in card.supported_interfaces if face.protocol_version == version]
        del card.supported_interfaces[:]
        card.supported_interfaces.extend(spoken)
        config = ClientConfig(streaming=streaming, polling=polling, httpx_client=http)
        yield ClientFactory(config).create(card)


def saying(*parts: Part | str, **fields: Any) -> SendMessageRequest:
    """A message of a user."""
    made = [new_text_part(part) if isinstance(part, str) else part for part in parts]
    message = Message(message_id=str(uuid4()), role=Role.ROLE_USER, parts=made, **fields)
    return SendMessageRequest(message=message)


async def sent(client: A2aClient, request: SendMessageRequest) -> Task:
    """The task that a message led to."""
    [response] = [response async for response in client.send_message(request)]
    return response.task


async def streamed(client: A2aClient, request: SendMessageRequest) -> list[StreamResponse]:
    """Everything that a stream said."""
    return [response async for response in client.send_message(request)]


def data_of(task: Task) -> Any:
    """The one data part of the artifacts of a task."""
    [data] = [data for artifact in task.artifacts for data in get_data_parts(artifact.parts)]
    return data


def texts(parts: Sequence[Part]) -> str:
    return "".join(part.text for part in parts)


@pytest.mark.behaviour("a2a.message")
@pytest.mark.parametrize("version", VERSIONS)
async def test_an_agent_answers_in_words(stack: Stack, client: Client, version: str) -> None:
    async with agent(stack, "agent", version) as a2a:
        task = await sent(a2a, saying("Berlin"))
        again = await a2a.get_task(GetTaskRequest(id=task.id))
    assert task.status.state == TaskState.TASK_STATE_COMPLETED
    assert texts(task.artifacts[0].parts).strip() == "I heard sun over Berlin"
    thread_id, run_id = task.id.split(":")
    assert task.context_id == thread_id
    assert (await client.runs.get(thread_id, run_id))["status"] == "success"
    assert again == task
    assert (task.history[0].role, texts(task.history[0].parts)) == (Role.ROLE_USER, "Berlin")


@pytest.mark.behaviour("a2a.context")
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_context_is_a_thread_that_goes_on(stack: Stack, version: str) -> None:
    async with agent(stack, "agent", version) as a2a:
        first = await sent(a2a, saying("Berlin"))
        second = await sent(a2a, saying("Rome", context_id=first.context_id))
    assert second.context_id == first.context_id
    assert second.id != first.id
    assert [texts(m.parts) for m in second.history if m.role == Role.ROLE_USER] == ["Berlin", "Rome"]


@pytest.mark.behaviour("a2a.data")
@pytest.mark.parametrize("version", VERSIONS)
async def test_data_becomes_the_input_of_a_graph_without_messages(stack: Stack, version: str) -> None:
    async with agent(stack, "echo", version) as a2a:
        task = await sent(a2a, saying(new_data_part({"x": {"n": 1}})))
    assert task.status.state == TaskState.TASK_STATE_COMPLETED
    assert data_of(task)["x"] == {"n": 1}
    assert data_of(task)["log"] == ["first", "second"]


@pytest.mark.parametrize("method", ["message/send", "SendMessage"])
async def test_whole_numbers_reach_the_graph_as_integers(
    http: httpx.AsyncClient, client: Client, method: str
) -> None:
    """The package knows doubles only; a graph that counts with integers must not notice."""
    call = said({"data": {"x": [7, 7.5]}}) | {"method": method}
    if method == "SendMessage":
        call["params"]["message"]["role"] = "ROLE_USER"
    result = (await http.post("/a2a/echo", json=call)).json()["result"]
    task = result.get("task", result)
    assert task["artifacts"][0]["parts"][0]["data"]["x"] == [7, 7.5]
    thread = await client.threads.get(task["contextId"])
    assert [type(number) for number in thread["values"]["x"]] == [int, float]


@pytest.mark.behaviour("a2a.stream")
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_stream_tells_the_answer_piece_by_piece(stack: Stack, version: str) -> None:
    async with agent(stack, "agent", version, streaming=True) as a2a:
        said = await streamed(a2a, saying("Berlin"))
    kinds = [response.WhichOneof("payload") for response in said]
    assert kinds[:2] == ["task", "status_update"]
    assert said[1].status_update.status.state == TaskState.TASK_STATE_WORKING
    pieces = [response.artifact_update for response in said if response.HasField("artifact_update")]
    assert not pieces[0].append
    assert len(pieces) > 3
    assert "".join(texts(p.artifact.parts) for p in pieces[:-1]) == texts(pieces[-1].artifact.parts)
    assert pieces[-1].last_chunk
    assert {p.artifact.artifact_id for p in pieces} == {pieces[-1].artifact.artifact_id}
    assert said[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED


@pytest.mark.behaviour("a2a.input-required")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("streaming", [False, True])
async def test_a_question_wants_input_and_a_message_on_the_task_answers_it(
    stack: Stack, version: str, streaming: bool
) -> None:
    async with agent(stack, "ask", version) as a2a:
        asked = await sent(a2a, saying(new_data_part({"x": "pay"})))
        assert asked.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
        assert get_data_parts(asked.status.message.parts) == [{"question": "ok?", "x": "pay"}]
        assert data_of(asked)["interrupts"][0]["value"] == {"question": "ok?", "x": "pay"}
    async with agent(stack, "ask", version, streaming=streaming) as a2a:
        answer = saying(new_data_part({"verdict": "yes"}), task_id=asked.id, context_id=asked.context_id)
        said = await streamed(a2a, answer)
        task = await a2a.get_task(GetTaskRequest(id=asked.id))
    assert said[0].task.id == asked.id
    assert task.status.state == TaskState.TASK_STATE_COMPLETED
    assert data_of(task)["answers"] == [{"verdict": "yes"}]


async def test_text_answers_a_question(stack: Stack) -> None:
    async with agent(stack, "ask") as a2a:
        asked = await sent(a2a, saying(new_data_part({"x": 1})))
        task = await sent(a2a, saying("yes", task_id=asked.id))
        assert task.id == asked.id
        assert data_of(task)["answers"] == ["yes"]
        with pytest.raises(UnsupportedOperationError, match="completed"):
            await sent(a2a, saying("again", task_id=asked.id))


async def test_questions_in_a_row_belong_to_one_task(stack: Stack) -> None:
    async with agent(stack, "ask_twice") as a2a:
        first = await sent(a2a, saying(new_data_part({"x": 1})))
        assert texts(first.status.message.parts) == "one?"
        second = await sent(a2a, saying("1", task_id=first.id))
        assert (second.id, texts(second.status.message.parts)) == (first.id, "two?")
        third = await sent(a2a, saying("2", task_id=first.id))
    assert third.status.state == TaskState.TASK_STATE_COMPLETED


async def test_two_questions_at_once_are_answered_by_their_ids(stack: Stack) -> None:
    async with agent(stack, "ask_both") as a2a:
        asked = await sent(a2a, saying(new_data_part({"x": 1})))
        questions = data_of(asked)["interrupts"]
        with pytest.raises(Exception, match="2 questions"):
            await sent(a2a, saying("yes", task_id=asked.id))
        answers = {question["id"]: question["value"] for question in questions}
        task = await sent(a2a, saying(new_data_part(answers), task_id=asked.id))
    assert task.status.state == TaskState.TASK_STATE_COMPLETED


async def test_an_answer_from_elsewhere_moves_the_task_on(stack: Stack, client: Client) -> None:
    async with agent(stack, "ask") as a2a:
        asked = await sent(a2a, saying(new_data_part({"x": 1})))
        await client.runs.wait(asked.context_id, "ask", command={"resume": "from an inbox"})
        task = await a2a.get_task(GetTaskRequest(id=asked.id))
    assert task.status.state == TaskState.TASK_STATE_COMPLETED
    assert data_of(task)["answers"] == ["from an inbox"]


async def test_a_new_beginning_withdraws_the_question(stack: Stack) -> None:
    async with agent(stack, "ask") as a2a:
        asked = await sent(a2a, saying(new_data_part({"x": 1})))
        other = await sent(a2a, saying(new_data_part({"x": 2}), context_id=asked.context_id))
        before = await a2a.get_task(GetTaskRequest(id=asked.id))
    assert other.id != asked.id
    assert other.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
    assert before.status.state == TaskState.TASK_STATE_CANCELED


async def test_a_breakpoint_goes_on_with_any_message(stack: Stack) -> None:
    async with agent(stack, "breakpoints") as a2a:
        asked = await sent(a2a, saying(new_data_part({"log": []})))
        assert asked.status.state == TaskState.TASK_STATE_INPUT_REQUIRED
        with pytest.raises(TaskNotCancelableError):
            await a2a.cancel_task(CancelTaskRequest(id=asked.id))
        task = await sent(a2a, saying("go on", task_id=asked.id))
    assert task.status.state == TaskState.TASK_STATE_COMPLETED
    assert data_of(task)["log"] == ["one", "two", "three"]


@pytest.mark.behaviour("a2a.failure")
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_failure_is_a_failed_task(stack: Stack, version: str) -> None:
    async with agent(stack, "fails", version) as a2a:
        task = await sent(a2a, saying(new_data_part({"calm": False})))
    assert task.status.state == TaskState.TASK_STATE_FAILED
    assert texts(task.status.message.parts) == "ValueError: boom from node"


@pytest.mark.behaviour("a2a.get-and-cancel")
@pytest.mark.parametrize("version", VERSIONS)
async def test_a_task_can_be_polled_and_cancelled_from_another_process(stack: Stack, version: str) -> None:
    async with (
        running(stack.database_url, workers=0) as other,
        agent(stack, "slow", version, polling=True) as here,
        agent(other, "slow", version) as there,
    ):
        task = await sent(here, saying(new_data_part({"seconds": 60})))
        assert task.status.state in (TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING)

        async def works() -> bool:
            found = await there.get_task(GetTaskRequest(id=task.id))
            return found.status.state == TaskState.TASK_STATE_WORKING

        await until(works)
        cancelled = await there.cancel_task(CancelTaskRequest(id=task.id))
        assert cancelled.status.state == TaskState.TASK_STATE_CANCELED
        with pytest.raises(TaskNotCancelableError):
            await here.cancel_task(CancelTaskRequest(id=task.id))


@pytest.mark.parametrize("graph", ["ask", "ask_both", "ask_twice"])
async def test_cancelling_a_question_withdraws_it(stack: Stack, client: Client, graph: str) -> None:
    async with agent(stack, graph) as a2a:
        asked = await sent(a2a, saying(new_data_part({"x": 1})))
        cancelled = await a2a.cancel_task(CancelTaskRequest(id=asked.id))
        again = await a2a.get_task(GetTaskRequest(id=asked.id))
    assert cancelled.status.state == again.status.state == TaskState.TASK_STATE_CANCELED
    assert (await client.threads.get(asked.context_id))["status"] == "idle"


@pytest.mark.behaviour("a2a.subscribe")
@pytest.mark.parametrize("version", VERSIONS)
async def test_who_subscribes_hears_the_end(stack: Stack, version: str) -> None:
    async with agent(stack, "slow", polling=True) as polls:
        task = await sent(polls, saying(new_data_part({"seconds": 1.0})))
    async with agent(stack, "slow", version, streaming=True) as a2a:
        said = [event async for event in a2a.subscribe(SubscribeToTaskRequest(id=task.id))]
        assert said[0].task.id == task.id
        assert said[-1].status_update.status.state == TaskState.TASK_STATE_COMPLETED
        with pytest.raises(UnsupportedOperationError):
            [event async for event in a2a.subscribe(SubscribeToTaskRequest(id=task.id))]


@pytest.mark.parametrize("streaming", [False, True])
async def test_a_long_task_outlives_the_patience_of_a_client(stack: Stack, streaming: bool) -> None:
    async with agent(stack, "slow", streaming=streaming) as a2a:
        said = await streamed(a2a, saying(new_data_part({"seconds": 4.0})))
    last = said[-1].status_update.status if streaming else said[-1].task.status
    assert last.state == TaskState.TASK_STATE_COMPLETED


async def test_hanging_up_leaves_the_task_alone(stack: Stack) -> None:
    async with agent(stack, "slow", streaming=True) as a2a:
        async for response in a2a.send_message(saying(new_data_part({"seconds": 1.0}))):
            task_id = response.task.id
            break
    async with agent(stack, "slow") as a2a:

        async def done() -> bool:
            task = await a2a.get_task(GetTaskRequest(id=task_id))
            return bool(task.status.state == TaskState.TASK_STATE_COMPLETED)

        await until(done)


async def test_a_task_belongs_to_its_assistant(stack: Stack) -> None:
    async with agent(stack, "echo") as echo, agent(stack, "slow") as slow:
        task = await sent(echo, saying(new_data_part({"x": 1})))
        for wrong in (task.id.upper(), f"{task.id} ", f"{task.id}:x", task.context_id, "", "x:y"):
            with pytest.raises(TaskNotFoundError):
                await echo.get_task(GetTaskRequest(id=wrong or "-"))
        with pytest.raises(TaskNotFoundError):
            await slow.get_task(GetTaskRequest(id=task.id))


async def test_a_busy_thread_queues_the_task(stack: Stack, client: Client, thread_id: str) -> None:
    run_id = await busy_run(client, thread_id)
    async with agent(stack, "echo", polling=True) as a2a:
        task = await sent(a2a, saying(new_data_part({"x": 1}), context_id=thread_id))
        assert task.status.state == TaskState.TASK_STATE_SUBMITTED
        await client.runs.cancel(thread_id, run_id, wait=True)

        async def done() -> bool:
            found = await a2a.get_task(GetTaskRequest(id=task.id))
            return bool(found.status.state == TaskState.TASK_STATE_COMPLETED)

        await until(done)


@pytest.mark.behaviour("a2a.card")
async def test_the_card_is_found_at_both_addresses(http: httpx.AsyncClient, stack: Stack) -> None:
    card = (await http.get("/a2a/agent/.well-known/agent-card.json")).json()
    other = await http.get("/.well-known/agent-card.json", params={"assistant_id": "agent"})
    assert other.json() == card
    assert card["supportedInterfaces"][0]["url"].startswith(f"{stack.url}/a2a/")
    assert EarlyCard.model_validate(card).url == card["url"]
    assert card["defaultInputModes"] == ["text/plain", "application/json"]
    nobodys = await http.get("/.well-known/agent-card.json")
    assert (nobodys.status_code, "assistant_id" in nobodys.json()["detail"]) == (400, True)
    assert (await http.get(f"/a2a/{uuid4()}/.well-known/agent-card.json")).status_code == 404


def rpc(method: str, **params: Any) -> dict[str, Any]:
    """A request as it goes over the wire."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def said(*parts: Any, **more: Any) -> dict[str, Any]:
    """A message/send as 0.3 clients write it."""
    return rpc("message/send", message={"messageId": "1", "role": "user", "parts": list(parts), **more})


def late(*parts: Any) -> dict[str, Any]:
    """A SendMessage as 1.0 clients write it."""
    return rpc("SendMessage", message={"messageId": "1", "role": "ROLE_USER", "parts": list(parts)})


def spoken(answer: httpx.Response) -> dict[str, Any]:
    """The JSON-RPC answer, or the first one of a stream: 0.3 refuses to stream in a stream."""
    is_stream = answer.headers["content-type"].startswith("text/event-stream")
    text = answer.text.split("data: ", 1)[1].split("\r\n")[0] if is_stream else answer.text
    return cast(dict[str, Any], json.loads(text))


PUSH = {"taskId": "x", "pushNotificationConfig": {"url": "http://127.0.0.1:9"}}
TEXT = {"kind": "text", "text": "hello"}
FILE = {"kind": "file", "file": {"uri": "file:///x", "mimeType": "image/png"}}
GARBAGE: list[tuple[Any, int]] = [
    (b"", -32700),
    (b"{", -32700),
    (b'{"jsonrpc":"2.0","id":"\\ud800","method":"tasks/get"}', -32700),
    (b"[" * 100_000, -32700),
    (b"[]", -32600),
    ([rpc("tasks/get", id="x")], -32600),
    ({"id": 1, "method": "tasks/get"}, -32600),
    ({"jsonrpc": "2.0", "method": "tasks/get"}, -32600),
    ({"jsonrpc": "2.0", "id": {}, "method": "tasks/get"}, -32600),
    ({"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": []}, -32600),
    (rpc("no/such"), -32601),
    (rpc("tasks/get"), -32600),
    (rpc("tasks/get", id=7), -32600),
    (rpc("GetTask", id=7), -32602),
    (rpc("GetTask"), -32602),
    (rpc("tasks/get", id=f"{uuid4()}:{uuid4()}"), -32001),
    (rpc("tasks/get", id="a\x00b"), -32001),
    (rpc("tasks/get", id=f"{uuid4()}:{uuid4()}", historyLength=-1), -32602),
    (rpc("tasks/cancel", id="x"), -32001),
    (rpc("tasks/resubscribe", id="x"), -32001),
    (rpc("ListTasks"), -32004),
    (rpc("tasks/pushNotificationConfig/set", **PUSH), -32003),
    (rpc("ListTaskPushNotificationConfigs", taskId="x"), -32003),
    (rpc("GetExtendedAgentCard"), -32007),
    (rpc("message/send"), -32600),
    (rpc("message/send", message=[]), -32600),
    (said(), -32602),
    (said(7), -32600),
    (said({"kind": "text", "text": 7}), -32600),
    (said({"kind": "data", "data": {"x": 1}}, contextId="no-uuid"), -32602),
    (said({"kind": "data", "data": {"x": 1}}, taskId="no-task"), -32001),
    (said(TEXT), -32005),
    (said({}), -32600),
    (said(FILE), -32005),
    (said({"data": [1]}), -32600),
    (late({"data": [1]}, {"data": 2}), -32005),
    (late({}), -32005),
    (late(7), -32602),
    (late({"text": 7}), -32602),
    (said({"data": {"x": 1}}) | {"method": "SendStreamingMessage", "params": {"message": 1}}, -32602),
]


@pytest.mark.behaviour("a2a.garbage")
@pytest.mark.parametrize(("body", "code"), GARBAGE)
async def test_garbage_is_answered_in_the_words_of_the_protocol(
    http: httpx.AsyncClient, body: Any, code: int
) -> None:
    if isinstance(body, bytes):
        answer = await http.post("/a2a/echo", content=body)
    else:
        answer = await http.post("/a2a/echo", json=body)
    assert answer.status_code in (200, 400)
    assert spoken(answer)["error"]["code"] == code
    assert spoken(answer)["error"]["message"]


async def test_push_is_refused_rather_than_forgotten(http: httpx.AsyncClient) -> None:
    call = said({"kind": "data", "data": {"x": 1}})
    call["params"]["configuration"] = {"pushNotificationConfig": {"url": "http://127.0.0.1:9"}}
    assert (await http.post("/a2a/echo", json=call)).json()["error"]["code"] == -32003


async def test_an_unknown_assistant_is_not_found_in_both_languages(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"/a2a/{uuid4()}", json=said(TEXT))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, -32602)
    assert (await http.post("/a2a/nobody", json=said(TEXT))).json()["error"]["code"] == -32602


async def test_an_unknown_version_is_refused(http: httpx.AsyncClient) -> None:
    for call, code in ((late(TEXT), -32009), (said(TEXT), -32603)):
        answer = await http.post("/a2a/echo", json=call, headers={"a2a-version": "7.0"})
        assert (answer.json()["error"]["code"], "7.0" in answer.json()["error"]["message"]) == (code, True)


@pytest.mark.parametrize("version", ["", "1.0", "1", "1.0.3", None])
async def test_a_method_of_1_0_needs_no_version(http: httpx.AsyncClient, version: str | None) -> None:
    headers = {} if version is None else {"a2a-version": version}
    answer = await http.post("/a2a/echo", json=late({"data": {"x": 1}}), headers=headers)
    assert answer.json()["result"]["task"]["status"]["state"] == "TASK_STATE_COMPLETED"


async def test_a_file_reaches_the_model_as_a_block(http: httpx.AsyncClient, client: Client) -> None:
    answer = await http.post("/a2a/agent", json=said(TEXT, FILE))
    thread = await client.threads.get(answer.json()["result"]["contextId"])
    assert thread["values"]["messages"][0]["content"] == [
        {"type": "text", "text": "hello"},
        {"type": "image", "mime_type": "image/png", "url": "file:///x"},
    ]


@pytest.mark.behaviour("a2a.stream")
async def test_frames_are_json_rpc_in_events(http: httpx.AsyncClient) -> None:
    call = said({"kind": "data", "data": {"x": 1}}) | {"method": "message/stream"}
    answer = await http.post("/a2a/echo", json=call)
    assert answer.headers["content-type"].startswith("text/event-stream")
    frames = [frame for frame in answer.text.split("\r\n\r\n") if frame and not frame.startswith(":")]
    assert all(frame.startswith("data: ") for frame in frames)
    found = [httpx.Response(200, text=frame.split("data: ", 1)[1]).json() for frame in frames]
    kinds = [frame["result"]["kind"] for frame in found]
    assert kinds == ["task", "status-update", "artifact-update", "status-update"]
    assert [frame["result"].get("final") for frame in found] == [None, False, None, True]
    assert {frame["id"] for frame in found} == {1}


async def test_a_task_of_many_runs_stands_as_its_last_one(stack: Stack, client: Client) -> None:
    """More runs than one look at the table brings, then one that is no part of the task."""
    async with agent(stack, "breakpoints") as a2a:
        task = await sent(a2a, saying(new_data_part({"log": []})))
        for _ in range(7):
            await client.runs.wait(task.context_id, "breakpoints", input=None, raise_error=False)
        [last] = await client.runs.list(task.context_id, limit=1)
        await client.runs.wait(task.context_id, "breakpoints", input={"log": ["other"]})
        again = await a2a.get_task(GetTaskRequest(id=task.id))
    assert again.status.timestamp.ToDatetime(UTC) == datetime.fromisoformat(last["updated_at"])


async def test_a_worker_that_dies_is_no_end_of_a_stream(database: str) -> None:
    async with running(database, workers=2) as stack, agent(stack, "slow", streaming=True) as a2a:
        states = []
        async for said in a2a.send_message(saying(new_data_part({"seconds": 1.5}))):
            if said.HasField("status_update"):
                states.append(said.status_update.status.state)
                if len(states) == 1:
                    carrier = await _carrier(stack)
                    next(worker for worker in stack.workers if worker.pid == carrier).kill()
    works, done = TaskState.TASK_STATE_WORKING, TaskState.TASK_STATE_COMPLETED
    assert states == [works, works, done]


async def _carrier(stack: Stack) -> int:
    """The process that has the one running run."""
    with psycopg.connect(stack.database_url, options=SESSION) as conn:
        find = "select pid from worker join run using (worker_id) where state = 'running'"
        row = conn.execute(find).fetchone()
    assert row is not None
    return int(row[0])
