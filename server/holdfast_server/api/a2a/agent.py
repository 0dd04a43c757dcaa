"""What a client can do with one assistant as an agent: send, ask, cancel, watch."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from uuid import UUID

from a2a.types import Message, SendMessageRequest
from a2a.utils.errors import (
    A2AError,
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.access.gatekeeper import Action
from holdfast_server.access.needs import needs, require
from holdfast_server.access.permissions import Permission
from holdfast_server.api.a2a.input import answer_of, input_of, takes_messages
from holdfast_server.api.a2a.task import Task, TaskId, find_task, text_of
from holdfast_server.api.ask import ask
from holdfast_server.api.backend import Backend
from holdfast_server.api.bodies import CommandBody, RunBody
from holdfast_server.api.following import cancel_run, settled
from holdfast_server.api.intake import take_run
from holdfast_server.api.published import input_schema_of
from holdfast_server.api.sse import EventStream
from holdfast_server.api.thread_stream import newest_position
from holdfast_server.errors import ApiError
from holdfast_server.runs.answer import is_resume_map


@dataclass(frozen=True)
class Chunk:
    """A piece of what the agent says."""

    message_id: str
    text: str


@dataclass(frozen=True)
class Agent:
    """An assistant, for one caller."""

    backend: Backend
    assistant: DictRow

    @property
    def assistant_id(self) -> UUID:
        """Whose tasks these are."""
        return UUID(str(self.assistant["assistant_id"]))

    async def send(self, params: SendMessageRequest, *, watched: bool) -> Task:
        """Starts a task, or goes on with one that asked; answers how it stands at once.

        Raises:
            A2AError: the message cannot be taken.
        """
        if params.configuration.HasField("task_push_notification_config"):
            sentence = "Push notifications are not supported; stream the task, or ask for it again"
            raise PushNotificationNotSupportedError(sentence)
        if params.message.task_id:
            return await self._answer(params.message, watched=watched)
        return await self._begin(params.message, watched=watched)

    async def find(self, task_id: str, action: Action = "read") -> Task:
        """How a task stands.

        Raises:
            TaskNotFoundError: none of this id.
        """
        if action == "read":
            require(self.backend.caller, "A task", needs("runs.read"))
        known = TaskId.parse(task_id)
        visible = await self.backend.allow("threads", action, {"thread_id": known.thread_id})
        return await find_task(self.backend, known, self.assistant_id, visible)

    async def cancel(self, task_id: str) -> Task:
        """Stops a task's run, or withdraws its question; answers once that is done.

        Raises:
            A2AError: no such task, or it is over.
        """
        task = await self.find(task_id, "update")
        permission: Permission = "approvals.decide" if task.questions else "runs.cancel"
        require(self.backend.caller, "Cancelling this task", needs(permission))
        if task.questions:
            await self._withdraw(task)
        elif not task.is_live:
            raise _over(task)
        elif await cancel_run(self.backend, task.id.thread_id, task.run_id, "interrupt") == "over":
            raise _over(await self._again(task))
        return await self.ended(task)

    async def ended(self, task: Task) -> Task:
        """The task once its run is over; one whose run was undone meanwhile is cancelled."""
        async for _ in settled(self.backend, task.run_id):
            pass
        return await self._again(task)

    async def events(self, task: Task, *, after: int = 0) -> AsyncGenerator[Task | Chunk]:
        """What happens until the task's run is over: pieces of text, then the task as it stands."""
        async for page in EventStream(self.backend, task.run_id, after=after).pages():
            for row in page:
                match row["name"]:
                    case "metadata":
                        # An attempt begins; after a crash there is another one, which says everything anew.
                        yield replace(task, state="working")
                    case "messages" if (chunk := _chunk(row["data"])) is not None:
                        yield chunk
        yield await self._again(task)

    async def newest_event(self, task: Task) -> int:
        """Where a watcher who comes now begins."""
        return await newest_position(self.backend, task.id.thread_id)

    async def _begin(self, message: Message, *, watched: bool) -> Task:
        schema = await input_schema_of(self.backend, self.assistant["graph_id"])
        thread_id = _context(message.context_id) if message.context_id else uuid7()
        body = RunBody(
            assistant_id=str(self.assistant_id),
            input=input_of(message, schema),
            stream_mode=["messages-tuple"] if takes_messages(schema) else ["updates"],
            if_not_exists="create",
        )
        row = await take_run(self.backend, body, thread_id, watched=watched)
        return _started(TaskId(row["thread_id"], row["run_id"]), row)

    async def _answer(self, message: Message, *, watched: bool) -> Task:
        task = await self.find(message.task_id)
        if message.context_id not in ("", str(task.id.thread_id)):
            raise InvalidParamsError(f"Task {task.id} belongs to the context {task.id.thread_id}")
        if task.state != "input-required":
            raise UnsupportedOperationError(
                f"Task {task.id} is {task.state} and asks nothing; leave taskId out to begin another"
            )
        schema = await input_schema_of(self.backend, self.assistant["graph_id"])
        body = RunBody(
            assistant_id=str(self.assistant_id),
            command=_resume(task, message),
            stream_mode=["messages-tuple"] if takes_messages(schema) else ["updates"],
            multitask_strategy="reject",
        )
        try:
            row = await take_run(self.backend, body, task.id.thread_id, watched=watched)
        except ApiError as error:
            if error.status == 409:
                sentence = f"Task {task.id} goes on already: somebody else was faster"
                raise UnsupportedOperationError(sentence) from None
            raise
        return _started(task.id, row)

    async def _withdraw(self, task: Task) -> None:
        """Ends the thread's turn where it stands, as an inbox does that ignores a question."""
        graph_id = self.assistant["graph_id"]
        question = {
            "thread_id": str(task.id.thread_id), "checkpoint": {}, "values": None, "as_node": "__end__",
            "metadata": {"graph_id": graph_id},
        }  # fmt: skip
        await ask(self.backend, graph_id, "update", question)

    async def _again(self, task: Task) -> Task:
        try:
            return await find_task(self.backend, task.id, self.assistant_id, None)
        except TaskNotFoundError:
            return replace(task, state="canceled", word="The run was undone.")


def _started(task_id: TaskId, row: DictRow) -> Task:
    state = "working" if row["state"] == "running" else "submitted"
    return Task(task_id, row["run_id"], state, row["updated_at"])


def _over(task: Task) -> A2AError:
    return TaskNotCancelableError(f"Task {task.id} cannot be cancelled: it is {task.state}")


def _context(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidParamsError(
            f"contextId is {text!r}; it is a thread of this server, so it must be a UUID, or left out"
        ) from None


def _resume(task: Task, message: Message) -> CommandBody | None:
    if not task.questions:
        return None
    answer = answer_of(message)
    if len(task.questions) > 1 and not is_resume_map(answer):
        ids = [question["id"] for question in task.questions]
        sentence = f"Task {task.id} asks {len(ids)} questions; send data with answers by their ids: {ids}"
        raise InvalidParamsError(sentence)
    return CommandBody(resume=answer)


def _chunk(data: str) -> Chunk | None:
    """A piece of text in a `messages` event, if it is one."""
    message, *_ = wire.loads(data)
    if not isinstance(message, dict) or message.get("type") not in ("AIMessageChunk", "ai"):
        return None
    text, message_id = text_of(message.get("content")), message.get("id")
    return Chunk(str(message_id), text) if text and message_id else None
