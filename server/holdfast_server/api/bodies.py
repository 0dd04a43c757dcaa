"""What clients may send: the request bodies of the LangGraph Server API. Unknown fields are ignored."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from holdfast_server.api.lifetime_bodies import SuperstepBody, Ttl

Json = dict[str, Any]
# Things that one request may name.
MOST_AT_ONCE = 1000
StreamMode = Literal[
    "values", "messages", "messages-tuple", "updates", "events", "debug", "tasks", "checkpoints", "custom",
    "tools", "lifecycle",
]  # fmt: skip


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="ignore")


class CommandBody(BaseModel):
    """Resume, update or goto; other keys are mistakes."""

    model_config = ConfigDict(extra="forbid")

    resume: Any = None
    update: Any = None
    goto: str | Json | list[str | Json] | None = None


class RunBody(Body):
    """A new run."""

    assistant_id: str
    input: Any = None
    command: CommandBody | None = None
    metadata: Json | None = None
    config: Json | None = None
    context: Json | None = None
    webhook: str | None = Field(default=None, min_length=1, max_length=65_536)
    checkpoint: Json | None = None
    checkpoint_id: str | None = None
    interrupt_before: Literal["*"] | list[str] | None = None
    interrupt_after: Literal["*"] | list[str] | None = None
    stream_mode: Annotated[list[StreamMode] | None, BeforeValidator(_listed)] = None
    stream_subgraphs: bool = False
    stream_resumable: bool = False
    multitask_strategy: Literal["reject", "enqueue", "interrupt", "rollback"] = "enqueue"
    if_not_exists: Literal["create", "reject"] = "reject"
    on_completion: Literal["delete", "keep"] = "delete"
    on_disconnect: Literal["cancel", "continue"] = "continue"
    after_seconds: float = Field(default=0, ge=0, le=366 * 86_400, allow_inf_nan=False)
    durability: Literal["sync", "async", "exit"] | None = None
    checkpoint_during: bool | None = None
    feedback_keys: list[str] | None = None


class RunsCancel(Body):
    """Which runs to stop."""

    status: Literal["pending", "running", "all"] | None = None
    thread_id: UUID | None = None
    run_ids: list[UUID] | None = Field(default=None, max_length=MOST_AT_ONCE)


class AssistantBody(Body):
    """A new assistant."""

    graph_id: str
    assistant_id: UUID | None = None
    config: Json = Field(default_factory=dict)
    context: Json = Field(default_factory=dict)
    metadata: Json = Field(default_factory=dict)
    if_exists: Literal["raise", "do_nothing"] = "raise"
    name: str | None = None
    description: str | None = None


class AssistantPatch(Body):
    """A change to an assistant."""

    graph_id: str | None = None
    config: Json | None = None
    context: Json | None = None
    metadata: Json | None = None
    name: str | None = None
    description: str | None = None


class Page(Body):
    """Which part of a long list."""

    limit: int = Field(default=10, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=2**40)
    sort_order: Literal["asc", "desc"] = "desc"


AssistantField = Literal[
    "assistant_id", "graph_id", "config", "context", "created_at", "updated_at", "metadata", "version",
    "name", "description",
]  # fmt: skip
ThreadField = Literal[
    "thread_id", "created_at", "updated_at", "state_updated_at", "metadata", "status", "config", "values",
    "error", "interrupts", "ttl", "extracted",
]  # fmt: skip


class AssistantSearch(Page):
    """Which assistants, and what of them."""

    select: list[AssistantField] | None = None
    metadata: Json = Field(default_factory=dict)
    graph_id: str | None = None
    name: str | None = None
    sort_by: Literal["assistant_id", "created_at", "updated_at", "name", "graph_id"] = "created_at"


class VersionSearch(Page):
    """Which versions of an assistant."""

    metadata: Json = Field(default_factory=dict)


class VersionChange(Body):
    """The version to go to; also taken from the query."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class ThreadBody(Body):
    """A new thread."""

    thread_id: UUID | None = None
    metadata: Json | None = None
    if_exists: Literal["raise", "do_nothing"] | None = None
    supersteps: list[SuperstepBody] | None = Field(default=None, max_length=10_000)
    ttl: Ttl = None


class ThreadPatch(Body):
    """A change to a thread."""

    metadata: Json = Field(default_factory=dict)
    ttl: Ttl = None


class ThreadSearch(Page):
    """Which threads, and what of them; a thread with a NUL in its values is not found by values."""

    select: list[ThreadField] | None = None
    metadata: Json | None = None
    values: Json | None = None
    ids: list[UUID] | None = Field(default=None, max_length=MOST_AT_ONCE)
    extract: dict[str, str] | None = Field(default=None, max_length=50)
    status: Literal["idle", "busy", "interrupted", "error"] | None = None
    sort_by: Literal["thread_id", "status", "created_at", "updated_at", "state_updated_at"] = "updated_at"


class StateUpdate(Body):
    """An edit of a thread's state."""

    values: Any = None
    as_node: str | None = None
    checkpoint: Json | None = None
    checkpoint_id: str | None = None


class StateAt(Body):
    """A state by its checkpoint."""

    checkpoint: Json
    subgraphs: bool = False


class HistorySearch(Body):
    """Which part of a thread's history."""

    limit: int = Field(default=1, ge=1, le=1000)
    before: str | Json | None = None
    metadata: Json | None = None
    checkpoint: Json | None = None
