"""What clients may send about crons."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field

from holdfast_server.api.bodies import Body, Json, Page, StreamMode


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _moment(value: datetime) -> datetime:
    """A moment without a zone is UTC; far ones leave room for every zone to be on the calendar."""
    if not 1970 <= value.year <= 9000:
        raise ValueError("must be in a year from 1970 to 9000")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_moment)]


class CronRun(Body):
    """What a cron's runs are made of."""

    input: Any = None
    metadata: Json | None = None
    config: Json | None = None
    context: Json | None = None
    webhook: str | None = Field(default=None, min_length=1, max_length=65_536)
    interrupt_before: Literal["*"] | list[str] | None = None
    interrupt_after: Literal["*"] | list[str] | None = None
    stream_mode: Annotated[list[StreamMode] | None, BeforeValidator(_listed)] = None
    stream_subgraphs: bool | None = None
    stream_resumable: bool | None = None
    durability: Literal["sync", "async", "exit"] | None = None
    on_run_completed: Literal["delete", "keep"] | None = None
    multitask_strategy: Literal["reject", "enqueue", "interrupt", "rollback"] | None = None


class CronBody(CronRun):
    """A new cron."""

    schedule: str
    assistant_id: str
    timezone: str | None = None
    end_time: Moment | None = None
    enabled: bool = True


class CronPatch(CronRun):
    """A change to a cron; `end_time: null` takes the end away, every other null changes nothing."""

    schedule: str | None = None
    timezone: str | None = None
    end_time: Moment | None = None
    enabled: bool | None = None


class CronFilter(Body):
    """Which crons."""

    assistant_id: str | None = None
    thread_id: UUID | None = None
    enabled: bool | None = None
    metadata: Json | None = None


CronField = Literal[
    "cron_id", "assistant_id", "thread_id", "on_run_completed", "end_time", "schedule", "timezone",
    "created_at", "updated_at", "user_id", "payload", "next_run_date", "metadata", "enabled",
]  # fmt: skip


class CronSearch(Page, CronFilter):
    """Which crons, and what of them."""

    select: list[CronField] | None = None
    sort_by: Literal[
        "cron_id", "assistant_id", "thread_id", "next_run_date", "end_time", "created_at", "updated_at"
    ] = "created_at"
