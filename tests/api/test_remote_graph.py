"""LangGraph's RemoteGraph runs our graphs as if they were here."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph
from langgraph.pregel.remote import RemoteException, RemoteGraph
from langgraph.types import Command
from stack import Stack
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    """What the graph around the remote one knows."""

    x: Any
    log: list[str]


def config_of(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}}


def remote(stack: Stack, name: str) -> RemoteGraph:
    return RemoteGraph(name, url=stack.url, client=stack.client())


async def test_it_is_invoked_and_streamed(stack: Stack, thread_id: str) -> None:
    echo, config = remote(stack, "echo"), config_of(thread_id)
    assert (await echo.ainvoke({"x": 1}, config))["log"] == ["first", "second"]
    chunks = [chunk async for chunk in echo.astream({}, config, stream_mode="updates")]
    assert chunks == [{"first": chunks[0]["first"]}, {"second": {"log": ["second"]}}]


async def test_it_has_state_and_history_and_is_edited(stack: Stack, thread_id: str) -> None:
    echo, config = remote(stack, "echo"), config_of(thread_id)
    await echo.ainvoke({"x": 1}, config)
    state = await echo.aget_state(config)
    assert (state.values["x"], state.next) == (1, ())
    newest = await anext(echo.aget_state_history(config))
    assert newest.config == state.config
    edited = await echo.aupdate_state(config, {"x": 2})
    assert (await echo.aget_state(edited)).values["x"] == 2


async def test_it_asks_and_takes_the_answer(stack: Stack, thread_id: str) -> None:
    ask, config = remote(stack, "ask"), config_of(thread_id)
    asked = await ask.ainvoke({"x": 1}, config)
    assert asked["__interrupt__"][0]["value"] == {"question": "ok?", "x": 1}
    assert (await ask.aget_state(config)).interrupts[0].value == {"question": "ok?", "x": 1}
    assert (await ask.ainvoke(Command(resume="yes"), config))["answers"] == ["yes"]


async def test_its_errors_are_raised(stack: Stack, thread_id: str) -> None:
    with pytest.raises(RemoteException, match="boom from node"):
        await remote(stack, "fails").ainvoke({}, config_of(thread_id))


async def test_it_is_drawn(stack: Stack) -> None:
    drawing = await remote(stack, "sub").aget_graph()
    assert set(drawing.nodes) == {"__start__", "outer", "calm", "asking", "__end__"}


async def test_it_is_a_node_of_a_local_graph(stack: Stack) -> None:
    story = StateGraph(State)
    story.add_node("far", remote(stack, "echo"))
    story.add_edge(START, "far")
    assert (await story.compile().ainvoke({"x": 5}))["log"] == ["first", "second"]
