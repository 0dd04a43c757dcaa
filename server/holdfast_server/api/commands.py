"""The commands of the protocol: start a run, answer a question, look at the tree of sub-graphs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field

from holdfast_server import wire
from holdfast_server.access.needs import needs, require
from holdfast_server.api.backend import Backend
from holdfast_server.api.bodies import CommandBody, Json, RunBody, StreamMode
from holdfast_server.api.body import checked
from holdfast_server.api.intake import take_run
from holdfast_server.api.thread_stream import newest_position
from holdfast_server.errors import ApiError

Model = TypeVar("Model", bound=BaseModel)
_MODES: list[StreamMode] = [
    "values", "updates", "messages", "tools", "custom", "tasks", "checkpoints", "lifecycle",
]  # fmt: skip


class Refused(Exception):
    """A command that cannot be carried out; `code` is one of the protocol's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class ProtocolRun(RunBody):
    """A run that protocol clients can follow in every channel."""

    protocol: Literal["v3"] = "v3"


class CommandEnvelope(BaseModel):
    """A command as it is sent: `run.start`, `input.respond`, `agent.getTree`."""

    id: Annotated[int, Field(ge=0)]
    method: str
    params: Json | None = None


@dataclass(frozen=True)
class Command:
    """What a client asks for; its answer carries the same id."""

    id: int
    method: str
    params: Json

    @classmethod
    def of(cls, raw: Any) -> Command:
        """Out of what a client sent.

        Raises:
            ApiError: 400, it is no command.
        """
        if wire.depth_of(raw) > wire.MAX_DEPTH:
            raise ApiError(400, f"The command is nested deeper than {wire.MAX_DEPTH} levels; flatten it")
        if not isinstance(raw, dict) or type(raw.get("id")) is not int or raw["id"] < 0:
            raise ApiError(400, 'A command is an object like {"id": 1, "method": "run.start", "params": {}}')
        method, params = raw.get("method"), raw.get("params")
        if not isinstance(method, str):
            raise ApiError(400, f"method is {method!r}; it must be a string like 'run.start'")
        if not isinstance(params, dict | None):
            raise ApiError(400, f"params is a {type(params).__name__}; it must be an object")
        return cls(raw["id"], method, params or {})


class _Start(BaseModel):
    model_config = ConfigDict(extra="ignore")

    assistant_id: str
    input: Any = None
    config: Json | None = None
    metadata: Json | None = None
    context: Json | None = None
    multitask_strategy: Literal["reject", "enqueue", "interrupt", "rollback"] = "enqueue"


class _Response(BaseModel):
    model_config = ConfigDict(extra="ignore")

    interrupt_id: str
    response: Any = None
    namespace: list[str] = Field(default_factory=list)


class _Respond(BaseModel):
    model_config = ConfigDict(extra="ignore")

    responses: Annotated[list[_Response], Field(min_length=1)]
    update: Json | None = None
    goto: str | Json | list[str | Json] | None = None
    config: Json | None = None
    metadata: Json | None = None


class _Look(BaseModel):
    model_config = ConfigDict(extra="ignore")

    run_id: UUID | None = None


async def answer(backend: Backend, thread_id: UUID, command: Command) -> Json:
    """Carries a command out and answers success or error, each an object of the protocol."""
    # What a client subscribes to after this number shows everything that the command causes.
    try:
        seen = await newest_position(backend, thread_id)
        result = await _carried_out(backend, thread_id, command)
    except Refused as refused:
        return refusal(command.id, refused.code, str(refused))
    except ApiError as error:
        if error.status >= 500:
            raise
        code = "permission_denied" if error.status == 403 else "unknown_error"
        return refusal(command.id, code, f"{error.status}: {error.detail}")
    return success(command.id, result, seen)


def success(command_id: int, result: Json, seen: int) -> Json:
    """A command that was carried out; `seen` is the seq before which nothing of its effect lies."""
    return {"type": "success", "id": command_id, "result": result, "meta": {"applied_through_seq": seen}}


def refusal(command_id: int | None, code: str, message: str) -> Json:
    """A command that was not."""
    return {"type": "error", "id": command_id, "error": code, "message": message}


async def _carried_out(backend: Backend, thread_id: UUID, command: Command) -> Json:
    if command.method.startswith("subscription."):
        raise Refused(
            "not_supported",
            f"{command.method} needs an open connection: use the WebSocket, or POST to …/stream/events",
        )
    carry_out = _COMMANDS.get(command.method)
    if carry_out is None:
        raise Refused("unknown_command", f"Unknown command: {command.method}")
    return await carry_out(backend, thread_id, command.params)


async def _start(backend: Backend, thread_id: UUID, params: Json) -> Json:
    asked = _fitting(_Start, params)
    body = ProtocolRun(
        **asked.model_dump(exclude={"input"}),
        input=asked.input,
        stream_mode=_MODES,
        stream_subgraphs=True,
        stream_resumable=True,
        if_not_exists="create",
    )
    if asked.input is not None and await _questions(backend, thread_id):
        # Somebody is asked: what comes is the answer.
        body = body.model_copy(update={"input": None, "command": CommandBody(resume=asked.input)})
    row = await take_run(backend, body, thread_id, watched=True)
    return {"run_id": str(row["run_id"])}


async def _respond(backend: Backend, thread_id: UUID, params: Json) -> Json:
    asked = _fitting(_Respond, params if "responses" in params else {**params, "responses": [params]})
    thread = await _thread(backend, thread_id)
    if thread is None:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    pending = _pending(thread)
    resume = {one.interrupt_id: one.response for one in asked.responses}
    if unknown := sorted(resume.keys() - pending):
        raise Refused("no_such_interrupt", f"No question waits under {', '.join(unknown)}")
    body = ProtocolRun(
        assistant_id=str(thread["metadata"].get("assistant_id")),
        command=CommandBody(resume=resume, update=asked.update, goto=asked.goto),
        config=asked.config,
        metadata=asked.metadata,
        stream_mode=_MODES,
        stream_subgraphs=True,
        stream_resumable=True,
    )
    await take_run(backend, body, thread_id, watched=True)
    return {}


async def _tree(backend: Backend, thread_id: UUID, params: Json) -> Json:
    require(backend.caller, "agent.getTree", needs("runs.read"))
    asked = _fitting(_Look, params)
    if await _thread(backend, thread_id) is None:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    rows = await backend.rows("lifecycle_of_run", {"thread_id": thread_id, "run_id": asked.run_id})
    if not rows:
        raise Refused("no_such_run", f"No such run on thread {thread_id}, or its events are gone")
    return {"tree": _grown(rows)}


_COMMANDS: dict[str, Callable[[Backend, UUID, Json], Awaitable[Json]]] = {
    "run.start": _start,
    "input.respond": _respond,
    "agent.getTree": _tree,
}


def _grown(rows: list[DictRow]) -> Json:
    """The tree of a run out of its lifecycle events, oldest first."""
    root: Json = {"namespace": [], "status": "running", "graph_name": rows[0]["graph_id"]}
    nodes: dict[tuple[str, ...], Json] = {(): root}
    for row in rows:
        _, *namespace = row["name"].split("|")
        told = wire.loads(row["data"])
        node = nodes.get(place := tuple(namespace))
        if node is None:
            name = told.get("graph_name") or namespace[-1].partition(":")[0]
            node = nodes[place] = {"namespace": namespace, "status": "started", "graph_name": name}
            parent = nodes.get(place[:-1], root)
            parent.setdefault("children", []).append(node)
        node["status"] = told.get("event", "running")
    return root


async def _thread(backend: Backend, thread_id: UUID) -> DictRow | None:
    visible = await backend.allow("threads", "read", {"thread_id": thread_id})
    return await backend.row("find_thread", thread_id=thread_id, visible=visible)


async def _questions(backend: Backend, thread_id: UUID) -> set[str]:
    thread = await _thread(backend, thread_id)
    return _pending(thread) if thread else set()


def _pending(thread: DictRow) -> set[str]:
    """The questions that wait; while a run is under way, none does."""
    if thread["status"] != "interrupted":
        return set()
    return {question["id"] for asked in (thread["interrupts"] or {}).values() for question in asked}


def _fitting(model: type[Model], params: Json) -> Model:
    try:
        return checked(model, params)
    except ApiError as error:
        raise Refused("invalid_argument", error.detail.replace("The body", "params", 1)) from None
