"""Webhooks: checked when they are asked for, listed when they were or could not be delivered."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.bodies import Page
from holdfast_server.api.body import storable
from holdfast_server.api.reply import paged
from holdfast_server.errors import ApiError
from holdfast_server.runs.destination import DestinationRefused, checked_destination

router = APIRouter(prefix="/holdfast", tags=["operations"])
Wiring = Annotated[Backend, Depends(backend_of)]


async def checked_webhook(backend: Backend, url: str) -> None:
    """Refuses a webhook that could not be sent; it is checked again when it is.

    Raises:
        ApiError: 422, which rule refuses it.
    """
    storable("webhook", url)
    if backend.webhooks is None:
        raise ApiError(
            422, "Webhooks are disabled by http.disable_webhooks in langgraph.json; leave webhook out"
        )
    try:
        await checked_destination(url, backend.webhooks.url)
    except DestinationRefused as refusal:
        raise ApiError(422, str(refusal)) from None


@router.get("/webhooks")
async def webhooks(
    wiring: Wiring,
    state: Literal["pending", "delivered", "dead"] | None = None,
    run_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    offset: Annotated[int, Query(ge=0, le=2**40)] = 0,
) -> Response:
    """Webhooks, newest first: to whom, how often tried, delivered or dead, and the last error."""
    page = Page(limit=limit, offset=offset)
    visible = await wiring.allow("threads", "search", {"limit": limit, "offset": offset})
    params = {"visible": visible, "state": state, "run_id": run_id, "limit": limit, "offset": offset}
    rows = await wiring.rows("list_webhooks", params)
    return paged([{k: v for k, v in row.items() if k != "total"} for row in rows], rows, page)
