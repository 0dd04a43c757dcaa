"""A task as the rows of runs and threads tell it: no process remembers one, so any process can answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from a2a.utils.errors import TaskNotFoundError
from psycopg.rows import DictRow

from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend
from holdfast_server.runs.run import LIVE

Json = dict[str, Any]

_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ID = re.compile(f"({_UUID}):({_UUID})")
_STATES = {
    "scheduled": "submitted", "blocked": "submitted", "ready": "submitted", "running": "working",
    "error": "failed", "timeout": "failed", "interrupted": "canceled",
}  # fmt: skip
_ROLES = {"human": "user", "ai": "agent"}


@dataclass(frozen=True)
class TaskId:
    """`thread:run`, where the run is the task's first."""

    thread_id: UUID
    run_id: UUID

    @classmethod
    def parse(cls, text: str) -> TaskId:
        """The id in a request.

        Raises:
            TaskNotFoundError: no task can have it.
        """
        if (found := _ID.fullmatch(text)) is None:
            raise TaskNotFoundError(f"Task {text} not found")
        return cls(UUID(found[1]), UUID(found[2]))

    def __str__(self) -> str:
        return f"{self.thread_id}:{self.run_id}"


@dataclass(frozen=True)
class Said:
    """A message of the conversation."""

    message_id: str
    role: str
    text: str


@dataclass(frozen=True)
class Task:
    """How a task stands.

    Attributes:
        run_id: its newest run; a task has one more for every question that was answered.
        state: in the words of A2A 0.3: submitted, working, input-required, completed, canceled, failed.
        word: what there is to say about the state.
        questions: what it asks, with ids; empty at a breakpoint.
        answer: id and text of the last thing the agent said.
        data: what the graph put out, without its messages.
    """

    id: TaskId
    run_id: UUID
    state: str
    at: datetime
    word: str | None = None
    questions: Sequence[Json] = ()
    answer: tuple[str, str] | None = None
    data: Any = None
    history: Sequence[Said] = field(default=(), repr=False)

    @property
    def is_live(self) -> bool:
        """Whether something still runs for it."""
        return self.state in ("submitted", "working")


async def find_task(backend: Backend, task_id: TaskId, assistant_id: UUID, visible: Visible) -> Task:
    """A task of an assistant, if the caller may see it.

    Raises:
        TaskNotFoundError: none for this caller.
    """
    names = {"thread_id": task_id.thread_id, "run_id": task_id.run_id, "assistant_id": assistant_id}
    tip, is_newest = await _tip(backend, names | {"visible": visible})
    row = await backend.row("task_run", run_id=tip) if tip else None
    if row is None:
        raise TaskNotFoundError(f"Task {task_id} not found")
    return task_of(task_id, row, is_newest=is_newest)


async def _tip(backend: Backend, names: Json) -> tuple[UUID | None, bool]:
    """The last of the runs that went on where the one before had stopped, and whether none came after it.

    It does not matter who started them: a question may be answered over A2A, by an inbox or in a script.
    """
    tip, after = None, 0
    while runs := await backend.rows("task_runs", names | {"after": after}):
        for row in runs:
            if tip is not None and not _goes_on(row["kwargs"]):
                return tip, False
            tip, after = row["run_id"], row["place"]
    return tip, True


def _goes_on(kwargs: Mapping[str, Any]) -> bool:
    command = kwargs.get("command") or {}
    return "resume" in command or (kwargs.get("input") is None and not command)


def task_of(task_id: TaskId, row: DictRow, *, is_newest: bool) -> Task:
    """The task whose newest run is this row."""
    known = {"id": task_id, "run_id": row["run_id"], "at": row["updated_at"]}
    # Not wire.loads: integers of any length go through unchanged.
    output = json.loads(row["output"]) if row["output"] else {}
    if row["state"] in LIVE:
        return Task(**known, state=_STATES[row["state"]])
    known["history"] = _history(output)
    if row["state"] != "success":
        return Task(**known, state=_STATES[row["state"]], word=_word(row["error"]))
    if asked := _asked(output):
        open_ids = {q["id"] for questions in (row["interrupts"] or {}).values() for q in questions}
        if not (questions := [q for q in asked if q.get("id") in open_ids]):
            return Task(**known, state="canceled", word="The question was withdrawn.")
        return Task(**known, state="input-required", questions=questions)
    if is_newest and row["thread_status"] == "interrupted":
        return Task(**known, state="input-required", word="It stopped at a breakpoint; any message goes on.")
    return Task(**known, state="completed", answer=_answer(output), data=_data(output, row["schemas"]))


def _asked(output: Any) -> list[Json]:
    asked = output.get("__interrupt__") if isinstance(output, dict) else None
    return [question for question in asked if isinstance(question, dict)] if isinstance(asked, list) else []


def _word(error: Any) -> str:
    if not isinstance(error, dict):
        return "The run was cancelled."
    return f"{error.get('error') or 'Error'}: {error.get('message') or 'the run failed'}"


def _messages(output: Any) -> list[Json]:
    """The messages of a conversation; a graph may keep something else under that name."""
    messages = output.get("messages") if isinstance(output, dict) else None
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        return []
    return messages if all("type" in m and "content" in m for m in messages) else []


def _history(output: Any) -> list[Said]:
    """What people and agent said in words; calls of tools and their results are the agent's own business."""
    said = []
    for number, message in enumerate(_messages(output)):
        role, text = _ROLES.get(str(message.get("type"))), text_of(message.get("content"))
        if role and text:
            said.append(Said(str(message.get("id") or f"message-{number}"), role, text))
    return said


def text_of(content: Any) -> str:
    """The text of a LangChain message's content."""
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    texts = [b if isinstance(b, str) else b.get("text") for b in blocks if isinstance(b, str | dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _answer(output: Any) -> tuple[str, str] | None:
    last = next(reversed(_messages(output)), {})
    text = text_of(last.get("content"))
    return (str(last.get("id") or "answer"), text) if last.get("type") == "ai" and text else None


def _data(output: Any, schemas: Json | None) -> Any:
    """What the graph says it puts out; all it has when it does not say."""
    if not isinstance(output, dict):
        return output
    fields = (((schemas or {}).get("output_schema") or {}).get("properties")) or output
    return {k: v for k, v in output.items() if k in fields and not (k == "messages" and _messages(output))}
