"""MCP: assistants as tools, called with the official client and with bare HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import httpx
import psycopg
import pytest
from api.scene import Client, until
from langgraph_sdk.errors import NotFoundError
from mcp import Client as McpClient
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS as HANDSHAKE
from mcp_types.version import MODERN_PROTOCOL_VERSIONS as MODERN
from stack import SESSION, Stack, running

ERAS = ["2025-11-25", "2026-07-28"]


@asynccontextmanager
async def connected(stack: Stack, era: str = "2025-11-25") -> AsyncIterator[McpClient]:
    """The official client in one of the two eras."""
    mode: Any = "legacy" if era in HANDSHAKE else era
    async with McpClient(f"{stack.url}/mcp", mode=mode) as mcp:
        yield mcp


def text_of(result: Any) -> str:
    """The last text of a result."""
    return cast(TextContent, result.content[-1]).text


def rpc(method: str, **params: Any) -> dict[str, Any]:
    """A request as it goes over the wire."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


@pytest.mark.behaviour("mcp.tools", "mcp.both-eras")
@pytest.mark.parametrize("era", ["auto", *ERAS])
async def test_the_official_client_connects_and_finds_every_assistant(stack: Stack, era: str) -> None:
    async with McpClient(f"{stack.url}/mcp", mode="legacy" if era in HANDSHAKE else era) as mcp:
        # Who pins the newer era asks nothing first, and so never hears the name.
        assert era == MODERN[-1] or (mcp.server_info is not None and mcp.server_info.name == "Holdfast")
        assert mcp.protocol_version == (MODERN[-1] if era == "auto" else era)
        tools = {tool.name: tool for tool in (await mcp.list_tools()).tools}
    assert {"echo", "agent", "ask", "supervised", "entry"} <= set(tools)
    assert "broken" not in tools
    assert tools["echo"].description == "Two nodes that say what they saw."
    assert tools["agent"].input_schema["properties"]["messages"]["type"] == "string"
    assert "$defs" not in tools["agent"].input_schema
    assert tools["entry"].input_schema["properties"]["input"]["type"] == "integer"


@pytest.mark.behaviour("mcp.call")
@pytest.mark.parametrize("era", ERAS)
async def test_a_call_runs_the_assistant_and_answers_its_values(stack: Stack, era: str) -> None:
    async with connected(stack, era) as mcp:
        result = await mcp.call_tool("echo", {"x": {"n": 2**53 + 1, "text": "ä"}})
    assert not result.is_error
    assert result.structured_content is not None
    assert result.structured_content["x"] == {"n": 2**53 + 1, "text": "ä"}
    assert result.structured_content["log"] == ["first", "second"]
    assert json.loads(text_of(result)) == result.structured_content


@pytest.mark.behaviour("mcp.messages-as-string")
async def test_an_agent_is_spoken_to_with_one_string(stack: Stack) -> None:
    async with connected(stack) as mcp:
        result = await mcp.call_tool("agent", {"messages": "Berlin"})
    assert "sun over Berlin" in json.loads(text_of(result))["messages"][-1]["content"]


async def test_a_graph_that_takes_no_object_takes_input(stack: Stack) -> None:
    async with connected(stack) as mcp:
        result = await mcp.call_tool("entry", {"input": 4})
    assert "8?" in text_of(result)


@pytest.mark.behaviour("mcp.user-made-assistants")
async def test_a_user_made_assistant_is_a_tool_with_its_own_configuration(
    stack: Stack, client: Client
) -> None:
    config = {"configurable": {"mark": "mine"}}
    one = await client.assistants.create("echo", name="My Custom A", config=config, description="Mine.")
    two = await client.assistants.create("echo", name="My Custom A")
    try:
        async with connected(stack) as mcp:
            tools = [t for t in (await mcp.list_tools()).tools if t.name.startswith("My_Custom_A")]
            result = await mcp.call_tool("My_Custom_A", {"x": 1})
        ending = two["assistant_id"].replace("-", "")[-8:]
        assert [t.name for t in tools] == ["My_Custom_A", f"My_Custom_A_{ending}"]
        assert (tools[0].title, tools[0].description) == ("My Custom A", "Mine.")
        assert json.loads(text_of(result))["config"]["configurable"]["mark"] == "mine"
    finally:
        for made in (one, two):
            await client.assistants.delete(made["assistant_id"])


@pytest.mark.behaviour("mcp.failure")
async def test_a_failed_run_is_an_error_that_the_model_can_read(stack: Stack) -> None:
    async with connected(stack) as mcp:
        result = await mcp.call_tool("fails", {"calm": False})
    assert result.is_error
    assert text_of(result) == "ValueError: boom from node"


@pytest.mark.behaviour("mcp.question")
async def test_a_question_keeps_the_thread_and_an_answer_there_goes_on(stack: Stack, client: Client) -> None:
    async with connected(stack) as mcp:
        result = await mcp.call_tool("ask", {"x": "pay"})
    assert not result.is_error
    assert result.structured_content is not None
    assert result.structured_content["__interrupt__"][0]["value"] == {"question": "ok?", "x": "pay"}
    thread_id = result.structured_content["thread_id"]
    assert thread_id in cast(TextContent, result.content[0]).text
    assert (await client.threads.get(thread_id))["status"] == "interrupted"
    values = await client.runs.wait(thread_id, "ask", command={"resume": "yes"})
    assert values["answers"] == ["yes"]


async def test_the_thread_of_a_call_without_a_question_is_not_kept(stack: Stack, client: Client) -> None:
    async with connected(stack) as mcp:
        result = await mcp.call_tool("echo", {"x": 1})
    assert result.structured_content is not None
    thread_id = result.structured_content["config"]["configurable"]["thread_id"]
    with pytest.raises(NotFoundError):
        await client.threads.get(thread_id)


@pytest.mark.behaviour("mcp.progress")
async def test_progress_is_told_to_who_asks_for_it(stack: Stack) -> None:
    seen: list[float] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append(progress)

    async with connected(stack) as mcp:
        result = await mcp.call_tool("slow", {"seconds": 6}, progress_callback=note)
    assert not result.is_error
    assert seen == [1.0]


ACCEPTS = ["application/json", "application/json, text/event-stream", "*/*"]


@pytest.mark.behaviour("mcp.answer-form")
@pytest.mark.parametrize("accept", ACCEPTS)
async def test_an_answer_comes_in_the_form_that_is_asked_for(http: httpx.AsyncClient, accept: str) -> None:
    call = rpc("tools/call", name="echo", arguments={"x": 1})
    answer = await http.post("/mcp", json=call, headers={"accept": accept})
    is_stream = answer.headers["content-type"].startswith("text/event-stream")
    assert is_stream == ("text/event-stream" in accept)
    text = answer.text.split("data: ", 1)[1] if is_stream else answer.text
    assert json.loads(text)["result"]["structuredContent"]["x"] == 1


@pytest.mark.behaviour("mcp.hanging-up-cancels")
@pytest.mark.parametrize("accept", ACCEPTS)
async def test_hanging_up_cancels_the_run(stack: Stack, client: Client, accept: str) -> None:
    made = await client.assistants.create("slow", name="hung up")
    call = rpc("tools/call", name="hung_up", arguments={"seconds": 60})
    async with stack.http(timeout=1) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.post("/mcp", json=call, headers={"accept": accept})

    async def stopped() -> bool:
        return state_of(stack, made["assistant_id"]) == "interrupted"

    await until(stopped, patience=15)
    await client.assistants.delete(made["assistant_id"])


async def test_hanging_up_while_the_run_is_admitted_leaves_none_behind(stack: Stack, client: Client) -> None:
    made = await client.assistants.create("slow", name="admitted")
    call = rpc("tools/call", name="admitted", arguments={"seconds": 60})
    async with stack.http() as http:

        async def hang_up(after: float, accept: str) -> None:
            with pytest.raises(httpx.TimeoutException):
                await http.post("/mcp", json=call, headers={"accept": accept}, timeout=after)

        for after in (0.15, 0.2, 0.25, 0.3):
            await asyncio.gather(*(hang_up(after, accept) for accept in ACCEPTS[:2] for _ in range(15)))

    async def all_over() -> bool:
        return live_runs(stack, made["assistant_id"]) == 0

    await until(all_over, patience=30)
    await client.assistants.delete(made["assistant_id"])


def live_runs(stack: Stack, assistant_id: str) -> int:
    """How many runs of an assistant still cost something."""
    with psycopg.connect(stack.database_url, options=SESSION) as conn:
        live = "select count(*) from run where assistant_id = %s and state in ('ready', 'running', 'blocked')"
        row = conn.execute(live, [assistant_id]).fetchone()
    assert row is not None
    return int(row[0])


def state_of(stack: Stack, assistant_id: str) -> str:
    """The state of the one run of an assistant; the API hides a stateless run from others."""
    with psycopg.connect(stack.database_url, options=SESSION) as conn:
        row = conn.execute("select state from run where assistant_id = %s", [assistant_id]).fetchone()
    assert row is not None
    return str(row[0])


async def test_a_stopping_server_says_so_and_leaves_no_run_behind(database: str) -> None:
    async with running(database, workers=1) as stack, stack.http() as http:
        call = rpc("tools/call", name="slow", arguments={"seconds": 60})
        answer = asyncio.create_task(http.post("/mcp", json=call))
        [slow] = await stack.client().assistants.search(graph_id="slow")

        async def works() -> bool:
            return live_runs(stack, slow["assistant_id"]) == 1

        async def is_over() -> bool:
            return not await works()

        await until(works)
        await stack.api.stop()
        assert "stopping" in (await answer).json()["error"]["message"]
        await until(is_over)


async def test_giving_up_in_the_newer_era_cancels_the_run(stack: Stack, client: Client) -> None:
    made = await client.assistants.create("slow", name="given up")
    async with connected(stack, MODERN[-1]) as mcp:
        with pytest.raises(MCPError):
            await mcp.call_tool("given_up", {"seconds": 60}, read_timeout_seconds=1)

        async def stopped() -> bool:
            return state_of(stack, made["assistant_id"]) == "interrupted"

        await until(stopped, patience=15)
    await client.assistants.delete(made["assistant_id"])


async def test_a_cancelled_run_is_an_error(stack: Stack, client: Client) -> None:
    made = await client.assistants.create("slow", name="cancelled")

    async def cancelled() -> bool:
        with psycopg.connect(stack.database_url, options=SESSION) as conn:
            find = "select thread_id, run_id from run where assistant_id = %s"
            row = conn.execute(find, [made["assistant_id"]]).fetchone()
        if row is not None:
            await client.runs.cancel(str(row[0]), str(row[1]))
        return row is not None

    async with connected(stack) as mcp, asyncio.TaskGroup() as both:
        call = both.create_task(mcp.call_tool("cancelled", {"seconds": 60}))
        await until(cancelled)
    assert call.result().is_error
    assert "cancelled" in text_of(call.result())
    await client.assistants.delete(made["assistant_id"])


@pytest.mark.behaviour("mcp.unknown-tool")
async def test_an_unknown_tool_is_a_protocol_error(stack: Stack) -> None:
    async with connected(stack) as mcp:
        with pytest.raises(MCPError) as refused:
            await mcp.call_tool("nobody", {})
    assert refused.value.code == -32602


@pytest.mark.behaviour("mcp.lifecycle")
async def test_the_lifecycle_over_bare_http(http: httpx.AsyncClient) -> None:
    asked = rpc(
        "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "t", "version": "1"}
    )
    hello = (await http.post("/mcp", json=asked)).json()["result"]
    assert hello["protocolVersion"] == "2025-06-18"
    assert hello["capabilities"] == {"tools": {"listChanged": False}}
    unknown = rpc(
        "initialize", protocolVersion="1999-01-01", capabilities={}, clientInfo={"name": "t", "version": "1"}
    )
    assert (await http.post("/mcp", json=unknown)).json()["result"]["protocolVersion"] == "2025-11-25"
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    acknowledged = await http.post("/mcp", json=note)
    assert (acknowledged.status_code, acknowledged.content) == (202, b"")
    assert (await http.post("/mcp/", json=rpc("ping"))).json() == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert (await http.get("/mcp")).status_code == 405
    assert (await http.get("/mcp/")).headers["allow"] == "POST"
    assert (await http.delete("/mcp")).status_code == 404


JSON = {"content-type": "application/json"}
GARBAGE: list[tuple[Any, int, int]] = [
    (b"", 400, -32700),
    (b"{", 400, -32700),
    (b"\xff\xfe", 400, -32700),
    (b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', 400, -32700),
    (b"[" * 100_000, 400, -32700),
    (b"[]", 400, -32602),
    (b"null", 400, -32602),
    (b'"ping"', 400, -32602),
    ([rpc("ping")], 400, -32602),
    ({"id": 1, "method": "ping"}, 400, -32602),
    ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, 400, -32602),
    ({"jsonrpc": "2.0", "id": 1}, 400, -32602),
    ({"jsonrpc": "2.0", "id": 1, "method": 7}, 400, -32602),
    ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, 400, -32602),
    (rpc("no/such"), 200, -32601),
    (rpc("server/discover"), 200, -32601),
    (rpc("initialize"), 200, -32602),
    (rpc("initialize", protocolVersion=7), 200, -32602),
    (rpc("tools/list", cursor="x"), 200, -32602),
    (rpc("tools/list", cursor="٣"), 200, -32602),
    (rpc("tools/list", cursor=7), 200, -32602),
    (rpc("tools/call"), 200, -32602),
    (rpc("tools/call", name=7), 200, -32602),
    (rpc("tools/call", name="echo", arguments=[1]), 200, -32602),
    (rpc("tools/call", name="echo", _meta={"progressToken": {}}), 200, -32602),
    (rpc("tools/call", name="a\x00b"), 200, -32602),
]


# The package takes what has no proper id for a notification, or an answer, to which there is nothing to say.
SILENT: list[Any] = [
    {"jsonrpc": "2.0", "id": 1, "result": {}},
    {"jsonrpc": "2.0", "id": True, "method": "ping"},
    {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
    {"jsonrpc": "2.0", "id": {}, "method": "ping"},
    {"jsonrpc": "2.0", "id": None, "method": "ping"},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}},
]


@pytest.mark.parametrize("body", SILENT)
async def test_what_asks_nothing_is_acknowledged(http: httpx.AsyncClient, body: Any) -> None:
    answer = await http.post("/mcp", json=body)
    assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.behaviour("mcp.garbage")
@pytest.mark.parametrize(("body", "status", "code"), GARBAGE)
async def test_garbage_is_answered_in_the_words_of_the_protocol(
    http: httpx.AsyncClient, body: Any, status: int, code: int
) -> None:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = await http.post("/mcp", content=sent, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/mcp", "/a2a/echo"])
async def test_a_body_without_end_is_cut_off(http: httpx.AsyncClient, path: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 1024 * 1024

    answer = await http.post(path, content=endless())
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, -32600)


async def test_a_nested_argument_is_refused(http: httpx.AsyncClient) -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    answer = await http.post("/mcp", json=rpc("tools/call", name="echo", arguments={"x": deep}))
    assert answer.json()["error"]["code"] == -32600


@pytest.mark.parametrize(
    "poison", ["nul", "nul_key", "nan", "infinity", "surrogate", "int_keys", "nested", "big_string"]
)
async def test_strange_values_come_out_as_json(http: httpx.AsyncClient, poison: str) -> None:
    answer = await http.post("/mcp", json=rpc("tools/call", name="poison", arguments={"kind": poison}))
    result = answer.json()["result"]
    assert result["isError"] is False
    assert json.loads(result["content"][0]["text"]) == result["structuredContent"]


async def test_an_unknown_version_is_refused_with_the_known_ones(http: httpx.AsyncClient) -> None:
    meta = {f"io.modelcontextprotocol/{key}": value for key, value in FUTURE.items()}
    headers = {"mcp-protocol-version": "2030-01-01", "mcp-method": "tools/list"}
    answer = await http.post("/mcp", json=rpc("tools/list", _meta=meta), headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32022)
    assert MODERN[-1] in answer.json()["error"]["data"]["supported"]


FUTURE: dict[str, Any] = {"protocolVersion": "2030-01-01", "clientCapabilities": {}}


async def test_the_newer_era_wants_its_envelope(http: httpx.AsyncClient) -> None:
    version = MODERN[-1]
    meta = {
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    headers = {"mcp-protocol-version": version, "mcp-method": "tools/list"}
    good = await http.post("/mcp", json=rpc("tools/list", _meta=meta), headers=headers)
    assert good.json()["result"]["resultType"] == "complete"
    bare = await http.post("/mcp", json=rpc("tools/list"), headers=headers)
    assert (bare.status_code, bare.json()["error"]["code"]) == (400, -32602)
    other = await http.post("/mcp", json=rpc("ping", _meta=meta), headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (400, -32020)
    none = await http.post("/mcp", json=rpc("x", _meta=meta), headers=headers | {"mcp-method": "x"})
    assert (none.status_code, none.json()["error"]["code"]) == (404, -32601)
