"""Tasks in the package's words, which it writes down as A2A 1.0 or 0.3."""

from __future__ import annotations

from typing import Any

from a2a.helpers.proto_helpers import new_artifact, new_data_part, new_text_part
from a2a.types import (
    Artifact,
    Message,
    Part,
    Role,
    TaskArtifactUpdateEvent,
    TaskState,
    TaskStatus,
    TaskStatusUpdateEvent,
)
from a2a.types import Task as Told
from google.protobuf.json_format import ParseError

from holdfast_server import wire
from holdfast_server.api.a2a.task import Said, Task

# History beyond this is told only when asked for.
_HISTORY = 10


def task(task: Task, history_length: int | None = None) -> Told:
    """A whole task."""
    length = _HISTORY if history_length is None else history_length
    history = task.history[-length:] if length else ()
    return Told(
        id=str(task.id),
        context_id=str(task.id.thread_id),
        status=_status(task),
        artifacts=artifacts(task),
        history=[_said(task, said) for said in history],
    )


def status_update(task: Task) -> TaskStatusUpdateEvent:
    """How the task stands now."""
    return TaskStatusUpdateEvent(**_place(task), status=_status(task))


def artifact_update(task: Task, artifact: Artifact, *, append: bool, last: bool) -> TaskArtifactUpdateEvent:
    """An artifact, or a further piece of one."""
    return TaskArtifactUpdateEvent(**_place(task), artifact=artifact, append=append, last_chunk=last)


def artifacts(task: Task) -> list[Artifact]:
    """What came out, or what is asked: an answer in words, data, or questions with their ids."""
    match task.state:
        case "completed":
            said = [words(*task.answer)] if task.answer else []
            if said and not task.data:
                return said
            return [*said, new_artifact([_data(task.data)], "output", artifact_id=f"output-{task.run_id}")]
        case "input-required" if task.questions:
            asked = _data({"interrupts": list(task.questions)})
            return [new_artifact([asked], "questions", artifact_id=f"questions-{task.run_id}")]
    return []


def words(message_id: str, text: str) -> Artifact:
    """An artifact of text: a message of the agent, whole or in pieces."""
    return new_artifact([_text(text)], "answer", artifact_id=message_id)


def _status(task: Task) -> TaskStatus:
    parts = [_asking(question.get("value")) for question in task.questions]
    parts += [_text(task.word)] if task.word else []
    message = _message(task, f"status-{task.run_id}", Role.ROLE_AGENT, parts) if parts else None
    name = f"TASK_STATE_{task.state.upper().replace('-', '_')}"
    return TaskStatus(state=TaskState.Value(name), message=message, timestamp=task.at)


def _asking(value: Any) -> Part:
    return _text(value) if isinstance(value, str) else _data(value)


def _said(task: Task, said: Said) -> Message:
    role = Role.ROLE_USER if said.role == "user" else Role.ROLE_AGENT
    return _message(task, said.message_id, role, [_text(said.text)])


def _message(task: Task, message_id: str, role: Role, parts: list[Part]) -> Message:
    return Message(**_place(task), message_id=message_id, role=role, parts=parts)


def _text(text: str) -> Part:
    return new_text_part(text, media_type="text/plain")


def _data(data: Any) -> Part:
    try:
        return new_data_part(data, media_type="application/json")
    except (ParseError, OverflowError):
        # Deeper than 100 levels, or a number beyond a double: more than protobuf can hold.
        return new_text_part(wire.dumps_text(data), media_type="application/json")


def _place(task: Task) -> dict[str, str]:
    return {"task_id": str(task.id), "context_id": str(task.id.thread_id)}
