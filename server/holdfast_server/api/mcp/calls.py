"""One call of a tool: a stateless run of its assistant, from the arguments to what MCP answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from typing import Any, Protocol

import anyio
from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.api.backend import Backend
from holdfast_server.api.bodies import RunBody
from holdfast_server.api.following import cancel_run, settled
from holdfast_server.api.intake import take_run
from holdfast_server.api.mcp.tools import Json, Tool, input_of
from holdfast_server.api.published import input_schema_of
from holdfast_server.errors import ApiError


class Progress(Protocol):
    """Tells the client that there is progress."""

    def __call__(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> Awaitable[None]: ...


async def result_of(backend: Backend, tool: Tool, arguments: Json, progress: Progress) -> Json:
    """How the call ended, once it has: one `CallToolResult`; who gives up before cancels the run."""
    schema = await input_schema_of(backend, tool.graph_id)
    body = RunBody(assistant_id=tool.assistant_id, input=input_of(schema, arguments))
    try:
        # Who hangs up in this moment must not leave a run behind of which nobody knows.
        with anyio.CancelScope(shield=True):
            run = await take_run(backend, body, None)
    except ApiError as error:
        if error.status >= 500 or error.status in (401, 403):
            raise
        return _failed(error.detail)
    await _followed(backend, run, progress)
    return await _answer(backend, run, await backend.row("run_result", run_id=run["run_id"]))


async def _followed(backend: Backend, run: DictRow, progress: Progress) -> None:
    """Waits for the end, with a word of progress every five seconds."""
    beats, over = 0, False
    try:
        async for chunk in settled(backend, run["run_id"]):
            if chunk == b"\n":
                beats += 1
                await progress(beats, message="The run goes on.")
        over = True
    finally:
        if not over:
            # Nobody could collect the result later.
            with anyio.CancelScope(shield=True):
                await cancel_run(backend, run["thread_id"], run["run_id"], "interrupt")


async def _answer(backend: Backend, run: DictRow, row: DictRow | None) -> Json:
    if row is None or row["state"] == "interrupted":
        return _failed("The run was cancelled before it came to an end.")
    if row["state"] != "success":
        error = json.loads(row["error"] or "{}")
        return _failed(f"{error.get('error') or 'Error'}: {error.get('message') or 'the run failed'}")
    # Not wire.loads: integers of any length go through unchanged.
    output = json.loads(row["output"] or "{}")
    if isinstance(output, dict) and output.get("__interrupt__"):
        return await _asked(backend, run, output)
    return _succeeded(output)


async def _asked(backend: Backend, run: DictRow, output: Json) -> Json:
    """A question to a person ends the call: its thread is kept, so that the person can answer it."""
    kept = await backend.row("keep_thread", thread_id=run["thread_id"])
    if kept is None:
        return _failed("The assistant asked a question, and its thread was deleted before it was answered.")
    thread_id = str(run["thread_id"])
    sentence = (
        "The assistant is not done: it waits for a person to answer the questions under __interrupt__. "
        f"Its thread {thread_id} is kept; the answer goes to POST /threads/{thread_id}/runs as "
        "command.resume, or through an inbox, and the run goes on there. Calling this tool again starts anew."
    )
    answer = _succeeded(output | {"thread_id": thread_id})
    return answer | {"content": [_text(sentence), *answer["content"]]}


def _succeeded(output: Any) -> Json:
    """The output as JSON text, and as structured content when it is an object, as MCP wants it."""
    structured = {"structuredContent": output} if isinstance(output, dict) else {}
    return {"content": [_text(wire.dumps_text(output))], **structured, "isError": False}


def _failed(sentence: str) -> Json:
    """A call that did not come to its end; the model reads the sentence."""
    return {"content": [_text(sentence)], "isError": True}


def _text(text: str) -> Json:
    return {"type": "text", "text": text}
