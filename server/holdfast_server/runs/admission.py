"""Admission: a request becomes a run in one transaction, or it leaves no trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from holdfast_server import wire
from holdfast_server.access.visible import Visible
from holdfast_server.db.pool import Conn
from holdfast_server.db.statements import statement
from holdfast_server.sealing.house import seal_text


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What a client asks for, resolved and checked.

    Attributes:
        strategy: reject, enqueue, interrupt or rollback; what to do when the thread has a live run.
        kwargs: what the executor needs and the API shows: input, command, config, context, stream modes, …
        after_seconds: earliest start, from now by the database's clock.
        create_thread: make the thread when it does not exist.
        temporary: the thread is made for this run only.
        metadata: of the request; the run's is the assistant's, under the thread's, under this.
        webhook: where to report the end of the run.
        principal: who asks, as `Principal.described` says it.
    """

    tenant: str
    run_id: UUID
    thread_id: UUID
    assistant_id: UUID
    graph_id: str
    strategy: str
    kwargs: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    assistant_metadata: Mapping[str, Any] = field(default_factory=dict)
    after_seconds: float = 0.0
    create_thread: bool = False
    temporary: bool = False
    thread_metadata: Mapping[str, Any] = field(default_factory=dict)
    webhook: str | None = None
    principal: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Admitted:
    """The run exists; `row` is its row."""

    row: Mapping[str, Any]


@dataclass(frozen=True)
class NoThread:
    """The thread does not exist."""


@dataclass(frozen=True)
class LaneTaken:
    """The thread has a live run and the strategy is `reject`."""


Admission = Admitted | NoThread | LaneTaken


async def admit(conn: Conn, request: RunRequest, *, visible: Visible = None) -> Admission:
    """Admits a run on a thread the caller may see; it is durable when this returns `Admitted`."""
    params = {
        **{name: getattr(request, name) for name in request.__dataclass_fields__},
        "kwargs": seal_text(wire.dumps_text(request.kwargs)),
        "metadata": wire.dumps_text(request.metadata),
        "assistant_metadata": wire.dumps_text(request.assistant_metadata),
        "thread_metadata": wire.dumps_text(request.thread_metadata),
        "principal": wire.dumps_text(request.principal),
        "visible": visible,
        # Its address may hold a token.
        "webhook": seal_text(request.webhook),
    }
    cursor = await conn.execute(statement("admit"), params)
    row = await cursor.fetchone()
    assert row is not None
    match row.pop("outcome"):
        case "no_thread":
            return NoThread()
        case "busy":
            return LaneTaken()
        case _:
            return Admitted(row)
