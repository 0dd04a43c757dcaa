"""Crons: runs that start by the clock, on a thread or each on one of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from psycopg.rows import DictRow
from uuid_utils.compat import uuid7

from holdfast_server import wire
from holdfast_server.access.needs import either, needs, require
from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.bodies import RunBody
from holdfast_server.api.body import body_of, checked, storable, takes, uuid_of
from holdfast_server.api.cron_bodies import CronBody, CronFilter, CronPatch, CronSearch
from holdfast_server.api.going_on import may_run_freely
from holdfast_server.api.intake import Checked, checked_run
from holdfast_server.api.reply import JsonReply, paged, selected
from holdfast_server.db.pool import Conn
from holdfast_server.db.statements import statement
from holdfast_server.errors import ApiError
from holdfast_server.runs.assistant import default_assistant_id
from holdfast_server.runs.cron import next_run_date, payload_of
from holdfast_server.runs.schedule import BadSchedule, NeverDue, Schedule
from holdfast_server.sealing.house import seal_text

router = APIRouter(tags=["crons"])
Wiring = Annotated[Backend, Depends(backend_of)]
New = Annotated[CronBody, Depends(body_of(CronBody))]

_SHOWN = (
    "cron_id", "assistant_id", "thread_id", "user_id", "end_time", "schedule", "timezone", "next_run_date",
    "metadata", "on_run_completed", "enabled", "created_at", "updated_at",
)  # fmt: skip
# Columns of their own; the rest of a body is what the runs are made of.
_COLUMNS = {"schedule", "timezone", "end_time", "enabled", "on_run_completed", "metadata"}
_TIMING = {"schedule", "timezone", "end_time", "enabled"}


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A cron as clients know it."""
    return {name: row[name] for name in _SHOWN} | {"payload": payload_of(row)}


@router.post("/runs/crons", openapi_extra=takes(CronBody))
async def create(wiring: Wiring, body: New) -> Response:
    """Makes a cron; each of its runs gets a thread of its own."""
    return JsonReply(shown(await _created(wiring, body, None)))


@router.post("/threads/{thread_id}/runs/crons", openapi_extra=takes(CronBody))
async def create_for_thread(wiring: Wiring, thread_id: str, body: New) -> Response:
    """Makes a cron whose runs work on this thread."""
    return JsonReply(shown(await _created(wiring, body, uuid_of(thread_id, "thread"))))


@router.post("/runs/crons/search", openapi_extra=takes(CronSearch))
async def search(wiring: Wiring, body: Annotated[CronSearch, Depends(body_of(CronSearch))]) -> Response:
    """Finds crons by assistant, thread, metadata, and whether they are enabled."""
    rows = await wiring.rows("search_crons", await _filter(wiring, body))
    return paged(selected([shown(row) for row in rows], body.select), rows, body)


@router.post("/runs/crons/count", openapi_extra=takes(CronFilter))
async def count(wiring: Wiring, body: Annotated[CronFilter, Depends(body_of(CronFilter))]) -> Response:
    """Counts crons by assistant, thread, metadata, and whether they are enabled."""
    row = await wiring.row("count_crons", **await _filter(wiring, body))
    return JsonReply(row["n"] if row else 0)


@router.get("/runs/crons/{cron_id}")
async def get(wiring: Wiring, cron_id: str) -> Response:
    """One cron."""
    return JsonReply(shown(await _existing(wiring, cron_id)))


@router.patch("/runs/crons/{cron_id}", openapi_extra=takes(CronPatch))
async def update(
    wiring: Wiring, cron_id: str, body: Annotated[CronPatch, Depends(body_of(CronPatch))]
) -> Response:
    """Changes a cron; metadata is merged, everything else replaced."""
    changes = _changes(body)
    if not changes:
        raise ApiError(400, "The body changes nothing; name at least one field of a cron")
    _check_permitted(wiring, changes)
    value = {"cron_id": uuid_of(cron_id, "cron"), **changes, "metadata": changes.get("metadata", {})}
    visible = await wiring.allow("crons", "update", value)
    changes["metadata"] = storable("metadata", value["metadata"])
    maker: dict[str, Any] | None = None
    if changes.get("enabled") or changes.keys() - _COLUMNS:
        seen = await wiring.row("find_cron", cron_id=value["cron_id"], visible=visible)
        if seen is None:
            raise _missing(value["cron_id"])
        new = _patched(seen, changes)
        is_asked_anew = bool(changes.keys() - _COLUMNS)
        found = await _runnable(wiring, new["payload"], new, is_asked_anew=is_asked_anew)
        maker = _maker(wiring, found) if is_asked_anew else None
    async with wiring.connection() as conn, conn.transaction():
        new = _patched(await _locked(wiring, conn, value["cron_id"], visible), changes)
        if changes.keys() & _TIMING:
            new["next_run_date"] = await _due(conn, new, ends_anew=changes.get("end_time") is not None)
        row = await (await conn.execute(statement("update_cron"), _stored(new, changes, maker))).fetchone()
    return JsonReply(shown(row or new))


@router.delete("/runs/crons/{cron_id}", status_code=204)
async def delete(wiring: Wiring, cron_id: str) -> Response:
    """Deletes a cron; its runs that are under way go on."""
    known = uuid_of(cron_id, "cron")
    visible = await wiring.allow("crons", "delete", {"cron_id": known})
    if await wiring.row("delete_cron", cron_id=known, visible=visible) is None:
        raise _missing(known)
    return Response(status_code=204)


@router.get("/holdfast/crons/{cron_id}/firings", tags=["operations"])
async def firings(wiring: Wiring, cron_id: str, limit: Annotated[int, Query(ge=1, le=1000)] = 10) -> Response:
    """When a cron fired, newest first: the run it started, or why there is none."""
    cron = await _existing(wiring, cron_id)
    return JsonReply(await wiring.rows("list_firings", {"cron_id": cron["cron_id"], "limit": limit}))


async def _created(backend: Backend, body: CronBody, thread_id: UUID | None) -> DictRow:
    """The new cron; what is wrong with it is said now, and not when it fires."""
    identity = (backend.caller.user or {}).get("identity")
    value: dict[str, Any] = {
        "cron_id": uuid7(),
        "thread_id": thread_id,
        "assistant_id": body.assistant_id,
        "user_id": None if identity is None else str(identity),
        "schedule": body.schedule,
        "end_time": body.end_time,
        "payload": body.model_dump(include=_run_fields(body)),
        "metadata": dict(body.metadata or {}),
    }
    await backend.allow("crons", "create", value)
    asked = value | {"on_run_completed": body.on_run_completed}
    found = await _runnable(backend, value["payload"], asked, is_asked_anew=True)
    cron = value | {
        "assistant_id": found.assistant["assistant_id"],
        "payload": value["payload"] | {"assistant_id": str(found.assistant["assistant_id"])},
        "metadata": found.body.metadata,
        "timezone": body.timezone,
        "enabled": body.enabled,
        "on_run_completed": (body.on_run_completed or "delete") if thread_id is None else None,
        **_maker(backend, found),
    }
    async with backend.connection() as conn:
        cron["next_run_date"] = await _due(conn, cron, ends_anew=body.end_time is not None)
    row = await backend.row("create_cron", **cron | _texts(cron))
    assert row is not None
    return row


def _check_permitted(backend: Backend, changes: Mapping[str, Any]) -> None:
    """Refuses who may not change this much; to pause a cron and let it go on again takes the least."""
    if changes.keys() == {"enabled"}:
        need = either("crons.pause", "crons.write")
    elif changes.keys() - _COLUMNS:
        need = needs("crons.write", "runs.create")
    else:
        need = needs("crons.write")
    require(backend.caller, f"Changing {', '.join(sorted(changes))} of a cron", need)


async def _runnable(
    backend: Backend, payload: Mapping[str, Any], cron: Mapping[str, Any], *, is_asked_anew: bool
) -> Checked:
    """The run that the cron will ask for, checked as if it were asked for now.

    Whose permissions it needs is only asked when it `is_asked_anew`: who merely lets a paused cron go on does
    not ask for its runs.

    Raises:
        ApiError: what the run would be refused with.
    """
    asked = {k: v for k, v in payload.items() if v is not None} | {"metadata": dict(cron["metadata"])}
    thread_id = cron["thread_id"]
    body = checked(RunBody, asked)
    if is_asked_anew:
        may_run_freely(backend.caller, body, thread_id)
    found = await checked_run(backend, body, thread_id)
    if thread_id is not None and not await backend.row(
        "find_thread", thread_id=thread_id, visible=found.visible
    ):
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    return found


async def _due(conn: Conn, cron: Mapping[str, Any], *, ends_anew: bool) -> Any:
    """When the cron fires next, by the database's clock.

    Raises:
        ApiError: 422 no schedule, no time zone, or an end in the past; 400 a schedule that fits no moment.
    """
    clock = await (await conn.execute(statement("read_clock"))).fetchone()
    assert clock is not None
    end = cron["end_time"]
    if ends_anew and end <= clock["now"]:
        raise ApiError(422, f"end_time is {end.isoformat()}, which is past; the cron would never fire")
    try:
        Schedule(cron["schedule"], cron["timezone"]).after(clock["now"])
        return next_run_date(cron, clock["now"])
    except BadSchedule as error:
        raise ApiError(422, str(error)) from None
    except NeverDue as error:
        raise ApiError(400, str(error)) from None


def _run_fields(body: CronBody | CronPatch) -> set[str]:
    return body.model_fields_set - _COLUMNS


def _changes(body: CronPatch) -> dict[str, Any]:
    given = body.model_dump(exclude_unset=True)
    return {name: v for name, v in given.items() if v is not None or name == "end_time"}


def _patched(cron: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    columns = {name: changes[name] for name in changes.keys() & (_COLUMNS - {"metadata"})}
    if cron["thread_id"] is not None:
        columns.pop("on_run_completed", None)
    payload = {name: v for name, v in changes.items() if name not in _COLUMNS}
    metadata = {**cron["metadata"], **changes["metadata"]}
    return {**cron, **columns, "payload": {**cron["payload"], **payload}, "metadata": metadata}


def _maker(backend: Backend, found: Checked) -> dict[str, Any]:
    """In whose name the runs of a cron act, and on which threads: of who said what they do."""
    return {
        "configurable": seal_text(wire.dumps_text(backend.caller.configurable)),
        "principal": wire.dumps_text(backend.caller.described()),
        "visible": found.visible,
    }


def _stored(
    new: Mapping[str, Any], changes: Mapping[str, Any], maker: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The parameters of `update_cron`; without a maker it stays that of before."""
    texts = _texts({"payload": new["payload"], "metadata": changes["metadata"]})
    nobody = {"configurable": None, "principal": None, "visible": None}
    return {**new, **texts, **(maker or nobody), "has_new_maker": maker is not None}


def _texts(cron: Mapping[str, Any]) -> dict[str, str]:
    return {
        "payload": seal_text(wire.dumps_text(cron["payload"])),
        "metadata": wire.dumps_text(cron["metadata"]),
    }


async def _locked(backend: Backend, conn: Conn, cron_id: UUID, visible: Visible) -> DictRow:
    params = {"tenant": backend.caller.tenant, "cron_id": cron_id, "visible": visible}
    row = await (await conn.execute(statement("lock_cron"), params)).fetchone()
    if row is None:
        raise _missing(cron_id)
    return row


async def _existing(backend: Backend, cron_id: str) -> DictRow:
    known = uuid_of(cron_id, "cron")
    visible = await backend.allow("crons", "read", {"cron_id": known})
    row = await backend.row("find_cron", cron_id=known, visible=visible)
    if row is None:
        raise _missing(known)
    return row


async def _filter(backend: Backend, body: CronFilter) -> dict[str, Any]:
    value = body.model_dump() | {"metadata": dict(body.metadata or {})}
    visible = await backend.allow("crons", "search", value)
    return value | {
        "visible": visible,
        "assistant_id": None if body.assistant_id is None else _assistant_id(body.assistant_id),
        "metadata": wire.dumps_text(storable("metadata", value["metadata"])),
    }


def _assistant_id(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        return default_assistant_id(name)


def _missing(cron_id: UUID) -> ApiError:
    return ApiError(404, f"Cron {cron_id} not found")
