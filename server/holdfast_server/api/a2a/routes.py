"""`/a2a/{assistant_id}`: the methods of A2A 1.0 and 0.3 over JSON-RPC, and the agent cards."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from holdfast_server.api.a2a.agent import Agent, Chunk
from holdfast_server.api.a2a.card import card_of
from holdfast_server.api.a2a.dialect import Dialect, Early, One
from holdfast_server.api.a2a.errors import no_extended_card, no_push, no_version, unsupported
from holdfast_server.api.a2a.incoming import SendParams, TaskParams
from holdfast_server.api.a2a.task import Task
from holdfast_server.api.assistants import resolve
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.jsonrpc import (
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Call,
    RpcError,
    checked_params,
    failure,
    read_call,
    result,
)
from holdfast_server.api.keepalive import kept_alive
from holdfast_server.api.published import input_schema_of
from holdfast_server.api.reply import JsonReply, JsonText
from holdfast_server.api.sse import frame
from holdfast_server.errors import ApiError

router = APIRouter(tags=["a2a"])
Wiring = Annotated[Backend, Depends(backend_of)]

_ONE, _EARLY = One(), Early()
# Both versions on one address: what a client calls says which one it speaks.
_METHODS: dict[str, tuple[str, Dialect]] = {
    "SendMessage": ("send", _ONE),
    "SendStreamingMessage": ("stream", _ONE),
    "GetTask": ("get", _ONE),
    "CancelTask": ("cancel", _ONE),
    "SubscribeToTask": ("watch", _ONE),
    "ListTasks": ("list", _ONE),
    "CreateTaskPushNotificationConfig": ("push", _ONE),
    "GetTaskPushNotificationConfig": ("push", _ONE),
    "ListTaskPushNotificationConfigs": ("push", _ONE),
    "DeleteTaskPushNotificationConfig": ("push", _ONE),
    "GetExtendedAgentCard": ("card", _ONE),
    "message/send": ("send", _EARLY),
    "message/stream": ("stream", _EARLY),
    "tasks/get": ("get", _EARLY),
    "tasks/cancel": ("cancel", _EARLY),
    "tasks/resubscribe": ("watch", _EARLY),
    "tasks/pushNotificationConfig/set": ("push", _EARLY),
    "tasks/pushNotificationConfig/get": ("push", _EARLY),
    "tasks/pushNotificationConfig/list": ("push", _EARLY),
    "tasks/pushNotificationConfig/delete": ("push", _EARLY),
    "agent/getAuthenticatedExtendedCard": ("card", _EARLY),
}
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_EXAMPLE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "message/send",
    "params": {"message": {"messageId": "1", "role": "user", "parts": [{"kind": "text", "text": "Hello"}]}},
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": _EXAMPLE}},
    }
}


@dataclass(frozen=True)
class _Exchange:
    """One call to one agent, answered in the version it was made in."""

    agent: Agent
    call: Call
    dialect: Dialect

    def answer(self, value: Any) -> bytes:
        return result(self.call.id, value)

    def event(self, value: Any) -> bytes:
        return frame("message", self.answer(value).decode())


@router.post("/a2a/{assistant_id}", openapi_extra=_BODY)
async def post(wiring: Wiring, request: Request, assistant_id: str) -> Response:
    """One call of the Agent2Agent protocol; streaming methods answer with server-sent events."""
    call: Call | None = None
    try:
        call = await read_call(request)
        if call.is_notification:
            raise RpcError(INVALID_REQUEST, "id is missing; A2A has no notifications", status=400)
        if (asked := request.headers.get("a2a-version")) and not _speaks(asked):
            raise no_version(asked)
        if call.method not in _METHODS:
            raise RpcError(METHOD_NOT_FOUND, f"Method not found: {call.method}")
        verb, dialect = _METHODS[call.method]
        agent = Agent(wiring, await resolve(wiring, assistant_id))
        return await _answered(verb, _Exchange(agent, call, dialect))
    except (RpcError, ApiError) as error:
        rpc = error if isinstance(error, RpcError) else RpcError.of(error)
        return JsonText(failure(call.id if call else rpc.call_id, rpc), status_code=rpc.status)


@router.get("/a2a/{assistant_id}/.well-known/agent-card.json")
async def card(wiring: Wiring, request: Request, assistant_id: str) -> Response:
    """The agent card of an assistant."""
    assistant = await resolve(wiring, assistant_id)
    schema = await input_schema_of(wiring, assistant["graph_id"])
    base = str(request.base_url).rstrip("/")
    return JsonReply(card_of(assistant, schema, f"{base}/a2a/{assistant['assistant_id']}"))


@router.get("/.well-known/agent-card.json")
async def any_card(wiring: Wiring, request: Request, assistant_id: str | None = None) -> Response:
    """The agent card of the assistant in the query."""
    if not assistant_id:
        raise ApiError(400, "assistant_id is missing; add ?assistant_id= with an assistant or a graph")
    return await card(wiring, request, assistant_id)


def _speaks(version: str) -> bool:
    return version.strip().split(".")[0] == "1" or version.strip().split(".")[:2] == ["0", "3"]


async def _answered(verb: str, exchange: _Exchange) -> Response:
    agent, params, dialect = exchange.agent, exchange.call.params, exchange.dialect
    match verb:
        case "send":
            return await _sent(exchange)
        case "stream":
            task = await agent.send(checked_params(SendParams, params), watched=True)
            return _streamed(_events(exchange, task, after=0))
        case "get":
            asked = checked_params(TaskParams, params)
            return JsonText(exchange.answer(dialect.task(await agent.find(asked.id), asked.historyLength)))
        case "cancel":
            task = await agent.cancel(checked_params(TaskParams, params).id)
            return JsonText(exchange.answer(dialect.task(task)))
        case "watch":
            return await _watched(exchange)
        case "push":
            raise no_push()
        case "card":
            raise no_extended_card()
    raise unsupported("Tasks are not listed over A2A; see GET /threads/{contextId}/runs")


async def _sent(exchange: _Exchange) -> Response:
    params = checked_params(SendParams, exchange.call.params)
    task = await exchange.agent.send(params, watched=False)
    length = params.wishes.historyLength
    if not params.wishes.waits:
        return JsonText(exchange.answer(exchange.dialect.sent(exchange.dialect.task(task, length))))
    chunks = _end_of(exchange, task, length)
    return StreamingResponse(chunks, media_type="application/json", headers=_HEADERS)


async def _end_of(exchange: _Exchange, task: Task, length: int | None) -> AsyncGenerator[bytes]:
    """The task at its end, after newlines that keep the connection: JSON may begin with white space."""

    async def end() -> AsyncGenerator[Task]:
        yield await exchange.agent.ended(task)

    async for ended in kept_alive(end()):
        if ended is None:
            yield b"\n"
        else:
            yield exchange.answer(exchange.dialect.sent(exchange.dialect.task(ended, length)))


async def _watched(exchange: _Exchange) -> Response:
    agent = exchange.agent
    task = await agent.find(checked_params(TaskParams, exchange.call.params).id)
    if not task.is_live:
        raise unsupported(f"Task {task.id} is {task.state}: there is nothing to watch; get it instead")
    return _streamed(_events(exchange, task, after=await agent.newest_event(task)))


def _streamed(frames: AsyncGenerator[bytes]) -> Response:
    return StreamingResponse(frames, media_type="text/event-stream", headers=_HEADERS)


async def _events(exchange: _Exchange, task: Task, *, after: int) -> AsyncGenerator[bytes]:
    """The task, then what happens to it, until its run is over."""
    dialect = exchange.dialect
    yield exchange.event(dialect.sent(dialect.task(task)))
    begun: set[str] = set()
    async for news in kept_alive(exchange.agent.events(task, after=after)):
        match news:
            case None:
                yield b": heartbeat\r\n\r\n"
            case Chunk(message_id, text):
                piece, is_more = dialect.words(message_id, text), message_id in begun
                begun.add(message_id)
                yield exchange.event(dialect.artifact_update(task, piece, append=is_more, last=False))
            case Task() if news.is_live:
                begun.clear()
                yield exchange.event(dialect.status_update(news))
            case Task():
                for artifact in dialect.artifacts(news):
                    update = dialect.artifact_update(news, artifact, append=False, last=True)
                    yield exchange.event(update)
                yield exchange.event(dialect.status_update(news, is_last=True))
