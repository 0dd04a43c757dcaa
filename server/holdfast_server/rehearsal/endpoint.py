"""The endpoint: an ASGI application that answers chat completions from a script."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import assert_never
from uuid import uuid4

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from holdfast_server.rehearsal.body import Body, read_body
from holdfast_server.rehearsal.completions import Completion
from holdfast_server.rehearsal.errors import InvalidRequest, ScriptError
from holdfast_server.rehearsal.fault import faulty_response, invalid_response, script_failed_response
from holdfast_server.rehearsal.reply import Answer, BrokenJson, CallTools, Fault, Hang, Reply, Say
from holdfast_server.rehearsal.request import Request
from holdfast_server.rehearsal.script import Script
from holdfast_server.rehearsal.traffic import Exchange, Traffic
from holdfast_server.rehearsal.usage import Usage, completion_tokens, prompt_tokens

# nginx's status for a client that closed the connection while it waited; it only shows in the traffic.
CLIENT_LEFT = 499


def endpoint(play: Script, *, chunk_seconds: float = 0.0) -> Starlette:
    """An application that answers as `play` says, pausing `chunk_seconds` between the chunks of a stream.

    `POST /v1/chat/completions`, `GET /v1/models`, and `GET /rehearsal/requests`, which lists what was asked.
    """
    stage = _Stage(play, chunk_seconds)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", stage.complete, methods=["POST"]),
            Route("/v1/models", stage.models),
            Route("/rehearsal/requests", stage.requests),
        ]
    )


@dataclass(slots=True)
class _Stage:
    play: Script
    chunk_seconds: float
    traffic: Traffic = field(default_factory=Traffic)

    async def complete(self, http: HttpRequest) -> Response:
        raw = await http.body()
        try:
            body = read_body(raw)
            request = body.in_script_words(attempt=self.traffic.attempt(raw))
            ticket = self.traffic.open(Exchange(body.model, prompt_tokens(request), at=time.time()))
        except InvalidRequest as error:
            self.traffic.close(self.traffic.open(Exchange("", 0, at=time.time())), 400)
            return invalid_response(error)
        try:
            return await self._perform(_ask(self.play, request), body, ticket, http)
        except ScriptError as error:
            self.traffic.close(ticket, 500)
            return script_failed_response(error)

    async def models(self, http: HttpRequest) -> Response:
        model = {"id": "rehearsal", "object": "model", "created": 0, "owned_by": "holdfast"}
        return JSONResponse({"object": "list", "data": [model]})

    async def requests(self, http: HttpRequest) -> Response:
        return JSONResponse(self.traffic.as_json())

    async def _perform(self, reply: Reply, body: Body, ticket: int, http: HttpRequest) -> Response:
        match reply:
            case Hang(seconds, then):
                if await _client_left(http, within_seconds=seconds):
                    self.traffic.close(ticket, CLIENT_LEFT)
                    return Response(status_code=CLIENT_LEFT)
                return await self._perform(then, body, ticket, http)
            case Fault():
                self.traffic.close(ticket, reply.status)
                return faulty_response(reply)
            case Say() | CallTools() | BrokenJson():
                return self._answer(reply, body, ticket)
            case _:
                assert_never(reply)

    def _answer(self, answer: Answer, body: Body, ticket: int) -> Response:
        usage = Usage(self.traffic.exchanges[ticket].prompt_tokens, completion_tokens(answer))
        self.traffic.close(ticket, 200, usage)
        completion = Completion(f"chatcmpl-{uuid4().hex[:22]}", body.model, int(time.time()), answer, usage)
        if not body.stream:
            return JSONResponse(completion.as_json())
        events = self._events(completion, include_usage=body.wants_usage)
        return StreamingResponse(events, media_type="text/event-stream")

    async def _events(self, completion: Completion, *, include_usage: bool) -> AsyncIterator[str]:
        for chunk in completion.chunks(include_usage=include_usage):
            yield f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
            await asyncio.sleep(self.chunk_seconds)
        yield "data: [DONE]\n\n"


async def _client_left(http: HttpRequest, *, within_seconds: float) -> bool:
    try:
        async with asyncio.timeout(within_seconds):
            # After the body, the only message an ASGI server has left to give is the disconnect.
            await http.receive()
    except TimeoutError:
        return False
    return True


def _ask(play: Script, request: Request) -> Reply:
    try:
        reply: object = play(request)
    except Exception as error:
        raise ScriptError(
            f"the rehearsal script raised {type(error).__name__}: {error}; mend the script"
        ) from error
    if not isinstance(reply, Reply):
        raise ScriptError(
            f"the rehearsal script answered {reply!r}; return Say, CallTools, BrokenJson, Fault or Hang"
        )
    return reply
