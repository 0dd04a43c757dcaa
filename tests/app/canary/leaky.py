"""Graphs that leak what they know wherever they can."""

import asyncio
import base64
import json
import logging
import os
import sys
from typing import Annotated, Any
from urllib.parse import quote

from langchain_core.messages import AIMessage, AnyMessage
from langchain_core.tools import tool as langchain_tool
from langgraph.graph import START, StateGraph, add_messages
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from model import ParrotModel
from pydantic import BaseModel
from typing_extensions import TypedDict

from holdfast_graphs import supervised_agent
from holdfast_tools import RecoverableToolError, secret, secret_now, tool

logger = logging.getLogger("leaky")
AT_IMPORT = secret_now("HOUSE_ENV")


class Context(TypedDict, total=False):
    key: str
    nested: dict[str, Any]
    names: list[str]


class Note(BaseModel):
    text: str
    inner: dict[str, str]


class State(TypedDict, total=False):
    scalar: str
    listed: list[str]
    note: Note
    raw: bytes
    encoded: dict[str, str]
    messages: Annotated[list[AnyMessage], add_messages]
    answer: str
    x: Any
    refused: str


async def all_of(runtime: Runtime[Context]) -> list[str]:
    """Everything that this run can know."""
    context = runtime.context or {}
    named = [await secret(name) for name in context.get("names", [])]
    in_context = [context.get("key", ""), *context.get("nested", {}).get("list", [])]
    environment = [
        os.environ.get(name, "") for name in ("KEY_OF_ENV", "PLAIN_API_KEY", "DSN", "PROCESS_TOKEN", "FREE")
    ]
    return [value for value in (AT_IMPORT, *named, *in_context, *environment) if value]


async def leak(state: State, runtime: Runtime[Context]) -> State:
    known = await all_of(runtime)
    known.append(await asyncio.to_thread(secret_now, runtime.context["names"][0]))
    text = " and ".join(known)
    for value in known:
        print("printed", value, flush=True)
        sys.stderr.write(f"written {value}\n")
        sys.stdout.buffer.write(f"bytes {value}\n".encode())
        logger.warning("logged %s", value)
        logger.warning("as an object %r", {"value": value})
    try:
        raise RuntimeError(text)
    except RuntimeError:
        logger.exception("with a trace")
    runtime.stream_writer({"custom": text, "inner": [known]})
    await runtime.store.aput(("leaks", "deep"), "item", {"text": text, "list": known, "inner": {"a": known}})
    return State(
        scalar=text,
        listed=known,
        note=Note(text=text, inner={"a": text}),
        raw=text.encode(),
        encoded={
            "json": json.dumps(known),
            "twice": json.dumps(json.dumps({"a": known})),
            "base64": base64.b64encode(text.encode()).decode(),
            "shifted": base64.urlsafe_b64encode(b"x" + text.encode()).decode(),
            "hex": text.encode().hex(),
            "url": " ".join(quote(value, safe="") for value in known),
            "repr": repr(known),
        },
        messages=[AIMessage(text, additional_kwargs={"of": text}, response_metadata={"of": known})],
    )


async def speak(state: State, runtime: Runtime[Context]) -> State:
    known = " and ".join(await all_of(runtime))
    message = await ParrotModel(tool="none", argument="a").ainvoke([AIMessage(known)])
    return State(messages=[message])


async def ask(state: State, runtime: Runtime[Context]) -> State:
    return State(answer=interrupt({"question": " and ".join(await all_of(runtime))}))


async def fail(state: State, runtime: Runtime[Context]) -> State:
    raise RuntimeError(f"cannot go on with {' and '.join(await all_of(runtime))}")


async def pry(state: State, runtime: Runtime[Context]) -> State:
    """Asks for what it must not have; answers why not."""
    refused = []
    for name in state["x"]:
        try:
            refused.append(f"GOT {await secret(name)}")
        except Exception as error:
            refused.append(f"{type(error).__name__}: {error}")
    return State(refused="; ".join(refused))


def chain(*nodes: Any) -> StateGraph:
    graph = StateGraph(State, context_schema=Context)
    before = START
    for node in nodes:
        graph.add_node(node)
        graph.add_edge(before, node.__name__)
        before = node.__name__
    return graph


leaking = chain(leak, speak, ask)
failing = chain(leak, fail)
prying = chain(pry)


@tool(effect="idempotent")
async def tell(what: str) -> dict[str, str]:
    """Tell a secret."""
    if what == "fail":
        raise RecoverableToolError(f"no: {await secret('HOUSE_FILE')}")
    if what == "crash":
        raise RuntimeError(f"crash: {await secret('HOUSE_FILE')}")
    return {"told": await secret("HOUSE_FILE"), "key": await secret("HOUSE_VAULT")}


@langchain_tool
async def gossip(what: str) -> str:
    """Tell a secret, without a contract."""
    return f"{what} {await secret('HOUSE_VAULT')}"


agent = supervised_agent(
    name="agent", model=ParrotModel(tool="tell", argument="what"), instructions="Tell.", tools=[tell]
)
gossiping = supervised_agent(
    name="gossiping", model=ParrotModel(tool="gossip", argument="what"), instructions="Tell.", tools=[gossip]
)
