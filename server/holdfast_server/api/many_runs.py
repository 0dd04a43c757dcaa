"""Many runs at once: a batch is started as one or not at all; cancellation by ids or by status."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.bodies import MOST_AT_ONCE, RunBody, RunsCancel
from holdfast_server.api.body import body_of, checked, read_json, takes
from holdfast_server.api.intake import take_runs
from holdfast_server.api.reply import JsonReply
from holdfast_server.api.runs import CancelAction
from holdfast_server.errors import ApiError
from holdfast_server.runs.run import LIVE, WAITING
from holdfast_server.runs.shown import shown

router = APIRouter(prefix="/runs", tags=["runs"])
Wiring = Annotated[Backend, Depends(backend_of)]

_STATES = {"pending": list(WAITING), "running": ["running"], "all": list(LIVE)}


@router.post("/batch", openapi_extra=takes(list[RunBody]))
async def batch(wiring: Wiring, request: Request) -> Response:
    """Starts runs, each on a thread of its own; one that cannot start keeps them all from starting."""
    asked = await read_json(request)
    if not isinstance(asked, list) or not asked:
        raise ApiError(422, "The body must be a list of at least one run")
    if len(asked) > MOST_AT_ONCE:
        raise ApiError(422, f"The batch has {len(asked)} runs; send at most {MOST_AT_ONCE} at once")
    bodies = [checked(RunBody, item) for item in asked]
    return JsonReply([shown(row) for row in await take_runs(wiring, bodies)])


@router.post("/cancel", openapi_extra=takes(RunsCancel), status_code=204)
async def cancel(
    wiring: Wiring,
    body: Annotated[RunsCancel, Depends(body_of(RunsCancel))],
    action: Annotated[CancelAction, Query()] = "interrupt",
) -> Response:
    """Stops runs: those of `run_ids` on a thread, or all of a status."""
    by_id = body.thread_id is not None and body.run_ids
    if bool(by_id) == bool(body.status) or (body.run_ids and not body.thread_id):
        raise ApiError(422, "Name either status, or thread_id and run_ids")
    value = {"thread_id": body.thread_id, "run_ids": body.run_ids, "status": body.status}
    row = await wiring.row(
        "cancel_many",
        thread_id=body.thread_id,
        run_ids=body.run_ids,
        states=_STATES[body.status or "all"],
        action=action,
        visible=await wiring.allow("threads", "update", value),
    )
    if row is None or not row["stopped"]:
        raise ApiError(404, "No runs found to cancel.")
    return Response(status_code=204)
