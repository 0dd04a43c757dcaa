"""The protocol for clients that follow a thread (v3): commands, and events over SSE or a WebSocket."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response, WebSocket
from fastapi.responses import StreamingResponse
from psycopg.rows import DictRow

from holdfast_server.access.visible import Visible
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.body import read_json, takes, uuid_of
from holdfast_server.api.channels import SubscribeBody, Subscription, is_for_protocol, protocol_event
from holdfast_server.api.commands import Command, CommandEnvelope, answer, refusal
from holdfast_server.api.conversation import Conversation
from holdfast_server.api.problems import answer as answer_error
from holdfast_server.api.reply import JsonReply
from holdfast_server.api.sse import STREAM_HEADERS, frame, framed, position_of
from holdfast_server.api.thread_stream import thread_feed
from holdfast_server.errors import ApiError

router = APIRouter(prefix="/threads/{thread_id}", tags=["protocol"])
Wiring = Annotated[Backend, Depends(backend_of)]


@router.post("/commands", openapi_extra=takes(CommandEnvelope))
async def command(wiring: Wiring, thread_id: str, request: Request) -> Response:
    """Carries out `run.start`, `input.respond` or `agent.getTree`; a thread need not exist before."""
    thread = uuid_of(thread_id, "thread")
    try:
        asked = Command.of(await read_json(request))
    except ApiError as error:
        return JsonReply(refusal(None, "invalid_argument", error.detail), status_code=400)
    return JsonReply(await answer(wiring, thread, asked))


@router.post("/stream/events", openapi_extra=takes(SubscribeBody))
async def events(
    wiring: Wiring,
    thread_id: str,
    request: Request,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Streams the events of these channels: all that are kept, or those after `since`. It does not end."""
    thread = uuid_of(thread_id, "thread")
    subscription = Subscription.of(await read_json(request))
    visible = await permitted(wiring, thread)
    after = subscription.since
    if after is None:
        after = position_of(last_event_id) or 0
    feed = thread_feed(wiring, thread, visible, after=after, names=subscription.names)
    return StreamingResponse(
        framed(feed.pages(), partial(_frame, subscription)),
        media_type="text/event-stream",
        headers=STREAM_HEADERS,
    )


@router.websocket("/stream/events")
async def talk(websocket: WebSocket, thread_id: str) -> None:
    """Commands in, answers and events out, as JSON text frames."""
    try:
        backend = await backend_of(websocket)
        thread = uuid_of(thread_id, "thread")
        visible = await permitted(backend, thread)
    except ApiError as error:
        await websocket.send_denial_response(answer_error(error.status, error.detail, error.headers))
        return
    await Conversation(backend, websocket, thread, visible).hold()


async def permitted(backend: Backend, thread_id: UUID) -> Visible:
    """What the caller may see of a thread, which need not exist yet.

    Raises:
        ApiError: 404, it exists for others only.
    """
    visible = await backend.allow("threads", "read", {"thread_id": thread_id})
    row = await backend.row("thread_is_hidden", thread_id=thread_id, visible=visible)
    if row is not None and row["hidden"]:
        raise ApiError(404, f"Thread with ID {thread_id} not found")
    return visible


def _frame(subscription: Subscription, row: DictRow) -> bytes | None:
    if not is_for_protocol(row) or not subscription.wants(row):
        return None
    method, text = protocol_event(row)
    return frame(method, text, str(row["event_id"]))
