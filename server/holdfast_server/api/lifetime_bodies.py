"""What clients may say about how long a thread lives, and with what it begins."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

Json = dict[str, Any]
# A hundred years; more would not fit into a time stamp.
Minutes = Annotated[float, Field(gt=0, le=52_560_000, allow_inf_nan=False)]
Strategy = Literal["delete", "keep_latest"]


class ThreadTtl(BaseModel):
    """How long a thread lives after its last use, in minutes, and what happens then."""

    strategy: Strategy = "delete"
    ttl: Minutes


def _written_out(value: Any) -> Any:
    return {"ttl": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


Ttl = Annotated[ThreadTtl | None, BeforeValidator(_written_out)]


class UpdateCommand(BaseModel):
    """What a node would return as a Command."""

    update: Any = None
    goto: str | Json | list[str | Json] | None = None
    resume: None = None


class SuperstepUpdate(BaseModel):
    """What one node writes."""

    values: Any = None
    command: UpdateCommand | None = None
    as_node: str


class SuperstepBody(BaseModel):
    """What the nodes of one superstep write."""

    updates: list[SuperstepUpdate] = Field(min_length=1, max_length=1000)


class PruneBody(BaseModel):
    """Which threads, and what of them goes."""

    thread_ids: list[UUID] = Field(max_length=1000)
    strategy: Strategy = "delete"
