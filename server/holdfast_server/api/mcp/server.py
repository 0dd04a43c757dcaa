"""The official MCP server, with assistants for tools; one transport for each request, no sessions."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    Tool,
)
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from holdfast_server.access.needs import needs, require
from holdfast_server.api.backend import Backend
from holdfast_server.api.mcp import calls
from holdfast_server.api.mcp.tools import shown, tools_of
from holdfast_server.api.rpc import INVALID_PARAMS, MAX_BODY, Body, code_and_sentence

Context = ServerRequestContext[Any, Any]
Serve = Callable[[Body, Scope, Receive, Send], Awaitable[None]]

_PAGE = 100

# It would tell of the beginning and end of every request.
logging.getLogger("mcp").setLevel(logging.WARNING)


async def serve(body: Body, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers one request, whose `state` carries the backend; who hangs up cancels it."""
    # The package keeps connections alive in event streams only: calls are streams for all who name them.
    streams = body.method == "tools/call" and "text/event-stream" in Headers(scope=scope).get("accept", "")
    manager = StreamableHTTPSessionManager(
        _SERVER,
        stateless=True,
        json_response=not streams,
        max_request_body_size=MAX_BODY,
    )
    async with anyio.create_task_group() as group:
        group.start_soon(_hung_up, receive, group.cancel_scope)
        async with manager.run():
            await manager.handle_request(scope, body.again(receive), send)
        group.cancel_scope.cancel()


async def _hung_up(receive: Receive, exchange: anyio.CancelScope) -> None:
    """The package looks for this in event streams only."""
    while (await receive())["type"] != "http.disconnect":
        pass
    exchange.cancel()


async def _listed(context: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
    cursor = (params.cursor if params else None) or "0"
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise MCPError(INVALID_PARAMS, f"cursor is {cursor!r}; send the nextCursor of the page before")
    with _in_protocol():
        backend, begin = _backend(context), int(cursor)
        require(backend.caller, "tools/list", needs("assistants.read"))
        tools = await tools_of(backend)
        page = await shown(backend, tools[begin : begin + _PAGE])
    more = str(begin + _PAGE) if begin + _PAGE < len(tools) else None
    return ListToolsResult(tools=[Tool.model_validate(tool) for tool in page], next_cursor=more)


async def _called(context: Context, params: CallToolRequestParams) -> CallToolResult:
    with _in_protocol():
        backend = _backend(context)
        require(backend.caller, "tools/call", needs("runs.create"))
        tool = next((tool for tool in await tools_of(backend) if tool.name == params.name), None)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"Unknown tool: {params.name}")
        answer = await calls.result_of(backend, tool, params.arguments or {}, context.session.report_progress)
        return CallToolResult.model_validate(answer)


@contextmanager
def _in_protocol() -> Iterator[None]:
    try:
        yield
    except MCPError:
        raise
    except Exception as error:
        raise MCPError(*code_and_sentence(error)) from None


def _backend(context: Context) -> Backend:
    assert isinstance(context.request, Request)
    backend = context.request.state.backend
    assert isinstance(backend, Backend)
    return backend


_SERVER: Server[Any] = Server(
    "Holdfast",
    version=version("holdfast"),
    instructions="Every tool is an assistant: a LangGraph application that runs on this server.",
    on_list_tools=_listed,
    on_call_tool=_called,
    # No argument of ours travels in a header, so nobody needs to list all tools before each call.
    get_tool_input_schema=lambda _: None,
)
