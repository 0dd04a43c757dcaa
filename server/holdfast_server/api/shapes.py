"""The shapes of answers, for the OpenAPI document. Fields and types as the LangGraph Server sends them.

Answers are not built from these classes: rows go out as they are, and the tests compare them with this.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

Json = dict[str, Any]


class Problem(BaseModel):
    """What is wrong, in one sentence."""

    detail: str


class Me(BaseModel):
    """Who calls, and what they may do."""

    tenant: str
    user: str | None
    roles: list[str]
    permissions: list[str]
    how: str


class Assistant(BaseModel):
    """A graph with a configuration."""

    assistant_id: UUID
    graph_id: str
    config: Json
    context: Json
    created_at: datetime
    updated_at: datetime
    metadata: Json
    version: int
    name: str
    description: str | None


class Drawing(BaseModel):
    """Nodes and edges of a graph."""

    nodes: list[Json] = Field(default_factory=list)
    edges: list[Json] = Field(default_factory=list)


class Schemas(BaseModel):
    """JSON Schemas of a graph; null where Python's types have none."""

    graph_id: str | None = None
    input_schema: Json | None
    output_schema: Json | None
    state_schema: Json | None
    config_schema: Json | None
    context_schema: Json | None


class Interrupt(BaseModel):
    """A question that waits for an answer."""

    id: str | None
    value: Any
    response_schema: Any = None


class Ttl(BaseModel):
    """How long something lives."""

    strategy: Literal["delete", "keep_latest"]
    ttl_minutes: float
    expires_at: datetime | None


class Thread(BaseModel):
    """A conversation with its newest values; `error` and `interrupts` once it has had a state."""

    thread_id: UUID
    created_at: datetime
    updated_at: datetime
    state_updated_at: datetime
    metadata: Json
    status: Literal["idle", "busy", "interrupted", "error"]
    config: Json
    values: Any
    error: Any = None
    interrupts: dict[str, list[Interrupt]] = Field(default_factory=dict)
    ttl: Ttl | None = None
    extracted: Json | None = None


class CheckpointPoint(BaseModel):
    """Which checkpoint."""

    thread_id: str
    checkpoint_ns: str
    checkpoint_id: str
    checkpoint_map: Json | None = None


class Task(BaseModel):
    """A node that is due, or that ran."""

    id: str
    name: str
    path: list[Any]
    error: str | None
    interrupts: list[Interrupt]
    checkpoint: Json | None
    state: Json | None
    result: Any


class ThreadState(BaseModel):
    """The state of a thread at a checkpoint; `checkpoint` is null on a thread without one."""

    values: Any
    next: list[str]
    tasks: list[Task]
    metadata: Json | None
    created_at: str | None
    checkpoint: CheckpointPoint | None
    parent_checkpoint: CheckpointPoint | None
    interrupts: list[Interrupt]
    checkpoint_id: str | None
    parent_checkpoint_id: str | None


class UpdatedState(BaseModel):
    """The checkpoint that an edit made."""

    checkpoint: CheckpointPoint
    configurable: CheckpointPoint
    checkpoint_id: str


class Run(BaseModel):
    """One request to a graph."""

    run_id: UUID
    thread_id: UUID
    assistant_id: UUID
    created_at: datetime
    updated_at: datetime
    metadata: Json
    status: Literal["pending", "running", "error", "success", "timeout", "interrupted"]
    kwargs: Json
    multitask_strategy: Literal["reject", "rollback", "interrupt", "enqueue"]
    error: Any = None


class Cron(BaseModel):
    """A schedule of runs."""

    cron_id: UUID
    assistant_id: UUID | None
    thread_id: UUID | None
    user_id: str | None
    schedule: str
    timezone: str | None
    end_time: datetime | None
    payload: Json
    next_run_date: datetime | None
    metadata: Json
    on_run_completed: Literal["delete", "keep"] | None
    enabled: bool
    created_at: datetime
    updated_at: datetime


class Item(BaseModel):
    """Something remembered."""

    namespace: list[str]
    key: str
    value: Json
    created_at: datetime
    updated_at: datetime


class FoundItem(Item):
    """Something found; `score` when it was searched by meaning."""

    score: float | None


class FoundItems(BaseModel):
    """A page of what was found."""

    items: list[FoundItem]


class Namespaces(BaseModel):
    """Where things are remembered."""

    namespaces: list[list[str]]


class Pruned(BaseModel):
    """How many threads were pruned, and why others were not, by id."""

    pruned_count: int
    skipped: dict[str, str]


class Amount(BaseModel):
    """How many, and how large."""

    count: int
    bytes: int


class Channel(BaseModel):
    """The stored versions of a channel."""

    versions: int
    bytes: int


class Channels(Amount):
    """The stored values of all channels."""

    by_channel: dict[str, Channel]


class Storage(BaseModel):
    """What a thread takes in the database, in bytes."""

    thread_id: UUID
    total_bytes: int
    checkpoints: Amount
    channel_values: Channels
    pending_writes: Amount


class CommandRefused(BaseModel):
    """A command that is none, in the words of the v3 protocol."""

    type: Literal["error"]
    id: int | None
    error: str
    message: str


class Health(BaseModel):
    """The process serves."""

    ok: Literal[True]
    services: Json


class Info(BaseModel):
    """Version and features."""

    version: str
    langgraph_py_version: str
    holdfast_version: str
    flags: dict[str, bool]
    host: Json
