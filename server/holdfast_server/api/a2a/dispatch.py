"""The official A2A dispatcher, and what it asks of us: every run of an assistant is a task."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from a2a.server.context import ServerCallContext
from a2a.server.events import Event
from a2a.server.request_handlers.request_handler import RequestHandler, validate_request_params
from a2a.server.routes.common import DefaultServerCallContextBuilder
from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher
from a2a.types import (
    CancelTaskRequest,
    GetTaskRequest,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
)
from a2a.utils.errors import (
    A2AError,
    ExtendedAgentCardNotConfiguredError,
    InternalError,
    InvalidParamsError,
    InvalidRequestError,
    PushNotificationNotSupportedError,
    UnsupportedOperationError,
)
from fastapi import Request, Response
from sse_starlette import EventSourceResponse

from holdfast_server.api.a2a import told
from holdfast_server.api.a2a.agent import Agent, Chunk
from holdfast_server.api.a2a.card import card_of
from holdfast_server.api.a2a.task import Task as OurTask
from holdfast_server.api.patience import SILENCE
from holdfast_server.api.rpc import INVALID_PARAMS, INVALID_REQUEST, code_and_sentence

__all__ = ["card_of", "dispatch"]

_ERRORS: dict[int, type[A2AError]] = {
    INVALID_PARAMS: InvalidParamsError,
    INVALID_REQUEST: InvalidRequestError,
}


async def dispatch(request: Request) -> Response:
    """The answer to a call to the assistant in the request's `state`."""
    response: Response = await _DISPATCHER.handle_requests(request)
    if isinstance(response, EventSourceResponse):
        response.ping_interval = SILENCE
    return response


class _Contexts(DefaultServerCallContextBuilder):
    """Hands the agent to the handler."""

    def build(self, request: Request) -> ServerCallContext:
        context = super().build(request)
        context.state["agent"] = Agent(request.state.backend, request.state.assistant)
        return context


class _Tasks(RequestHandler):
    """Tasks read from the rows of runs and threads, by whichever process is asked."""

    @validate_request_params
    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task:
        with _in_protocol():
            length = _history(params)
            return told.task(await _agent(context).find(params.id), length)

    @validate_request_params
    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task:
        with _in_protocol():
            return told.task(await _agent(context).cancel(params.id))

    @validate_request_params
    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task:
        with _in_protocol():
            agent, length = _agent(context), _history(params.configuration)
            task = await agent.send(params, watched=False)
            if not params.configuration.return_immediately:
                task = await agent.ended(task)
            return told.task(task, length)

    @validate_request_params
    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        with _in_protocol():
            agent = _agent(context)
            task = await agent.send(params, watched=True)
            async for event in _events(agent, task, after=0):
                yield event

    @validate_request_params
    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event]:
        with _in_protocol():
            agent = _agent(context)
            task = await agent.find(params.id)
            if not task.is_live:
                sentence = f"Task {task.id} is {task.state}: there is nothing to watch; get it instead"
                raise UnsupportedOperationError(sentence)
            async for event in _events(agent, task, after=await agent.newest_event(task)):
                yield event

    async def on_list_tasks(self, params: Any, context: ServerCallContext) -> NoReturn:
        raise UnsupportedOperationError("Tasks are not listed over A2A; see GET /threads/{contextId}/runs")

    async def on_get_extended_agent_card(self, params: Any, context: ServerCallContext) -> NoReturn:
        raise ExtendedAgentCardNotConfiguredError("There is no extended agent card; the public one says all")

    async def _on_push(self, params: Any, context: ServerCallContext) -> NoReturn:
        raise PushNotificationNotSupportedError("Nobody is called back; stream the task, or ask for it again")

    on_create_task_push_notification_config = _on_push
    on_get_task_push_notification_config = _on_push
    on_list_task_push_notification_configs = _on_push
    on_delete_task_push_notification_config = _on_push


async def _events(agent: Agent, task: OurTask, *, after: int) -> AsyncGenerator[Event]:
    """The task, then what happens to it, until its run is over."""
    yield told.task(task)
    begun: set[str] = set()
    async for news in agent.events(task, after=after):
        match news:
            case Chunk(message_id, text):
                piece, is_more = told.words(message_id, text), message_id in begun
                begun.add(message_id)
                yield told.artifact_update(task, piece, append=is_more, last=False)
            case OurTask() if news.is_live:
                begun.clear()
                yield told.status_update(news)
            case OurTask():
                for artifact in told.artifacts(news):
                    yield told.artifact_update(news, artifact, append=False, last=True)
                yield told.status_update(news)


@contextmanager
def _in_protocol() -> Iterator[None]:
    try:
        yield
    except A2AError:
        raise
    except Exception as error:
        code, sentence = code_and_sentence(error)
        raise _ERRORS.get(code, InternalError)(sentence) from None


def _agent(context: ServerCallContext) -> Agent:
    agent = context.state["agent"]
    assert isinstance(agent, Agent)
    return agent


def _history(asked: Any) -> int | None:
    length = asked.history_length if asked.HasField("history_length") else None
    if length is not None and length < 0:
        raise InvalidParamsError("historyLength is negative")
    return length


def _is_ours(record: logging.LogRecord) -> bool:
    """The package writes a line, or a stack trace, for whatever nonsense a client sends."""
    return record.levelno >= logging.ERROR and not str(record.msg).startswith("Failed to")


for _name in ("a2a.server.routes.jsonrpc_dispatcher", "a2a.compat.v0_3.jsonrpc_adapter"):
    logging.getLogger(_name).addFilter(_is_ours)
logging.getLogger("a2a.utils.version_validator").setLevel(logging.ERROR)

_DISPATCHER = JsonRpcDispatcher(_Tasks(), context_builder=_Contexts(), enable_v0_3_compat=True)
