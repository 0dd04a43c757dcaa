"""Nothing calls anywhere by itself: not on import, not while a graph runs, key of LangSmith or not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from holdfast_server.telemetry import keep_quiet

# Recorded below everything: audit events come from the socket module itself, whoever calls it.
SCRIPT = """
import sys
tried = []
def watch(event, args):
    if event in ("socket.connect", "socket.sendto"):
        host = args[1][0] if isinstance(args[1], tuple) else "unix"
        if host not in ("unix", "127.0.0.1", "::1", "localhost"):
            tried.append(("connect", host))
            raise OSError("no network here")
    elif event == "socket.getaddrinfo" and args[0] not in (None, "localhost", "127.0.0.1", "::1"):
        tried.append(("look up", args[0]))
        raise OSError("no network here")
sys.addaudithook(watch)

from holdfast_server.telemetry import keep_quiet
keep_quiet({})
import asyncio, importlib, pkgutil
import holdfast_graphs, holdfast_server, holdfast_tools
for package in (holdfast_tools, holdfast_graphs, holdfast_server):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)

from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langgraph.graph import END, START, MessagesState, StateGraph
from langsmith import traceable, utils

model = FakeListChatModel(responses=["four"])

@traceable
def think(state):
    return {"messages": [model.invoke(state["messages"])]}

builder = StateGraph(MessagesState)
builder.add_node("think", think)
builder.add_edge(START, "think")
builder.add_edge("think", END)
out = asyncio.run(builder.compile().ainvoke({"messages": [("human", "2 + 2")]}))
assert out["messages"][-1].content == "four", out
from langchain_core.tracers.langchain import wait_for_all_tracers
wait_for_all_tracers()
print("tracing", bool(utils.tracing_is_enabled()), "tried", tried)
"""


@pytest.mark.parametrize("key", [None, "lsv2_pt_0000000000000000"])
def test_importing_everything_and_running_a_graph_calls_nobody(key: str | None) -> None:
    names = ("LANGSMITH", "LANGCHAIN", "DO_NOT_TRACK")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    if key is not None:
        environment |= {"LANGSMITH_API_KEY": key, "LANGCHAIN_API_KEY": key}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.split("\n")[-2] == "tracing False tried []"


def test_the_watch_sees_a_graph_that_is_traced() -> None:
    environment = {**os.environ, "LANGSMITH_API_KEY": "lsv2_pt_0", "LANGSMITH_TRACING": "true"}
    environment["LANGSMITH_ENDPOINT"] = "https://traces.invalid"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=environment, timeout=120
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "traces.invalid" in done.stdout


def test_tracing_is_off_unless_somebody_asked_for_it() -> None:
    quiet: dict[str, str] = {"LANGSMITH_API_KEY": "k"}
    keep_quiet({}, quiet)
    assert quiet["LANGSMITH_TRACING"] == "false"
    assert (quiet["DO_NOT_TRACK"], quiet["HF_HUB_DISABLE_TELEMETRY"]) == ("1", "1")
    for asked, environment in (({"LANGCHAIN_TRACING_V2": "true"}, {}), ({}, {"LANGSMITH_TRACING": "true"})):
        wanted: dict[str, str] = dict(environment)
        keep_quiet(asked, wanted)
        assert wanted.get("LANGSMITH_TRACING") == environment.get("LANGSMITH_TRACING")
