"""Tasks in the words of A2A 1.0 and of 0.3; the name of the method that was called says which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from holdfast_server.api.a2a.task import Said, Task

Json = dict[str, Any]

# History beyond this is told only when asked for.
_HISTORY = 10


class Dialect(ABC):
    """Writes tasks and their events."""

    @abstractmethod
    def kinded(self, kind: str, fields: Json) -> Json:
        """An object that says what it is, where the version wants that."""

    @abstractmethod
    def state(self, state: str) -> str:
        """The name of a state."""

    @abstractmethod
    def role(self, role: str) -> str:
        """The name of a role."""

    @abstractmethod
    def text_part(self, text: str) -> Json:
        """A part of text."""

    @abstractmethod
    def data_part(self, data: Any) -> Json:
        """A part of data."""

    @abstractmethod
    def sent(self, task: Json) -> Json:
        """The result of sending a message."""

    @abstractmethod
    def event(self, name: str, fields: Json, *, is_last: bool = False) -> Json:
        """An event of a stream; its name is statusUpdate or artifactUpdate."""

    def task(self, task: Task, history_length: int | None = None) -> Json:
        """A whole task."""
        length = _HISTORY if history_length is None else history_length
        history = [self._said(task, said) for said in task.history[-length:]] if length else []
        artifacts = self.artifacts(task)
        fields: Json = {"id": str(task.id), "contextId": str(task.id.thread_id), "status": self._status(task)}
        fields |= {"artifacts": artifacts} if artifacts else {}
        fields |= {"history": history} if history else {}
        return self.kinded("task", fields)

    def status_update(self, task: Task, *, is_last: bool = False) -> Json:
        """How the task stands now."""
        fields = _place(task) | {"status": self._status(task)}
        return self.event("statusUpdate", fields, is_last=is_last)

    def artifact_update(self, task: Task, artifact: Json, *, append: bool, last: bool) -> Json:
        """An artifact, or a further piece of one."""
        fields = _place(task) | {"artifact": artifact, "append": append, "lastChunk": last}
        return self.event("artifactUpdate", fields)

    def artifacts(self, task: Task) -> list[Json]:
        """What came out, or what is asked: an answer in words, data, or questions with their ids."""
        match task.state:
            case "completed":
                return [a for a in (self._words(task), self._output(task)) if a is not None]
            case "input-required" if task.questions:
                questions = self.data_part({"interrupts": list(task.questions)})
                return [{"artifactId": f"questions-{task.run_id}", "name": "questions", "parts": [questions]}]
        return []

    def words(self, message_id: str, text: str) -> Json:
        """An artifact of text: a message of the agent, whole or in pieces."""
        return {"artifactId": message_id, "name": "answer", "parts": [self.text_part(text)]}

    def _words(self, task: Task) -> Json | None:
        return self.words(*task.answer) if task.answer else None

    def _output(self, task: Task) -> Json | None:
        if task.answer and not task.data:
            return None
        return {"artifactId": f"output-{task.run_id}", "name": "output", "parts": [self.data_part(task.data)]}

    def _status(self, task: Task) -> Json:
        status: Json = {"state": self.state(task.state), "timestamp": _moment(task.at)}
        parts = [self._asking(question) for question in task.questions]
        parts += [self.text_part(task.word)] if task.word else []
        if parts:
            status["message"] = self._message(task, f"status-{task.run_id}", "agent", parts)
        return status

    def _asking(self, question: Mapping[str, Any]) -> Json:
        value = question.get("value")
        return self.text_part(value) if isinstance(value, str) else self.data_part(value)

    def _said(self, task: Task, said: Said) -> Json:
        return self._message(task, said.message_id, said.role, [self.text_part(said.text)])

    def _message(self, task: Task, message_id: str, role: str, parts: list[Json]) -> Json:
        fields = {"messageId": message_id, "role": self.role(role), "parts": parts} | _place(task)
        return self.kinded("message", fields)


class One(Dialect):
    """A2A 1.0."""

    def kinded(self, kind: str, fields: Json) -> Json:
        return fields

    def state(self, state: str) -> str:
        return f"TASK_STATE_{state.upper().replace('-', '_')}"

    def role(self, role: str) -> str:
        return f"ROLE_{role.upper()}"

    def text_part(self, text: str) -> Json:
        return {"text": text, "mediaType": "text/plain"}

    def data_part(self, data: Any) -> Json:
        return {"data": data, "mediaType": "application/json"}

    def sent(self, task: Json) -> Json:
        return {"task": task}

    def event(self, name: str, fields: Json, *, is_last: bool = False) -> Json:
        return {name: fields}


class Early(Dialect):
    """A2A 0.3."""

    def kinded(self, kind: str, fields: Json) -> Json:
        return {"kind": kind} | fields

    def state(self, state: str) -> str:
        return state

    def role(self, role: str) -> str:
        return role

    def text_part(self, text: str) -> Json:
        return {"kind": "text", "text": text}

    def data_part(self, data: Any) -> Json:
        # Data is always an object in this version.
        return {"kind": "data", "data": data if isinstance(data, dict) else {"value": data}}

    def sent(self, task: Json) -> Json:
        return task

    def event(self, name: str, fields: Json, *, is_last: bool = False) -> Json:
        if name == "artifactUpdate":
            return {"kind": "artifact-update"} | fields
        return {"kind": "status-update"} | fields | {"final": is_last}


def _place(task: Task) -> Json:
    return {"taskId": str(task.id), "contextId": str(task.id.thread_id)}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
