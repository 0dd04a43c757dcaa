"""LangGraph's RemoteGraph runs our graphs as if they were here."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.pregel.remote import RemoteException, RemoteGraph
from langgraph.types import Command, StateSnapshot
from stack import Stack
from typing_extensions import TypedDict


class State(TypedDict, total=False):
    """What the graph around the remote one knows."""

    x: Any
    log: list[str]


class Around(TypedDict, total=False):
    """What the graph around a remote question knows."""

    x: Any
    answers: list[Any]


def config_of(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}}


def remote(stack: Stack, name: str) -> RemoteGraph:
    return RemoteGraph(name, url=stack.url, client=stack.client())


@pytest.mark.behaviour("remote-graph.async")
async def test_it_is_invoked_and_streamed(stack: Stack, thread_id: str) -> None:
    echo, config = remote(stack, "echo"), config_of(thread_id)
    assert (await echo.ainvoke({"x": 1}, config))["log"] == ["first", "second"]
    chunks = [chunk async for chunk in echo.astream({}, config, stream_mode="updates")]
    assert chunks == [{"first": chunks[0]["first"]}, {"second": {"log": ["second"]}}]


@pytest.mark.behaviour("remote-graph.async")
async def test_it_has_state_and_history_and_is_edited(stack: Stack, thread_id: str) -> None:
    echo, config = remote(stack, "echo"), config_of(thread_id)
    await echo.ainvoke({"x": 1}, config)
    state = await echo.aget_state(config)
    assert (state.values["x"], state.next) == (1, ())
    newest = await anext(echo.aget_state_history(config))
    assert newest.config == state.config
    edited = await echo.aupdate_state(config, {"x": 2})
    assert (await echo.aget_state(edited)).values["x"] == 2


@pytest.mark.behaviour("remote-graph.async")
async def test_it_asks_and_takes_the_answer(stack: Stack, thread_id: str) -> None:
    ask, config = remote(stack, "ask"), config_of(thread_id)
    asked = await ask.ainvoke({"x": 1}, config)
    assert asked["__interrupt__"][0]["value"] == {"question": "ok?", "x": 1}
    assert (await ask.aget_state(config)).interrupts[0].value == {"question": "ok?", "x": 1}
    assert (await ask.ainvoke(Command(resume="yes"), config))["answers"] == ["yes"]


@pytest.mark.behaviour("remote-graph.async")
async def test_its_errors_are_raised(stack: Stack, thread_id: str) -> None:
    with pytest.raises(RemoteException, match="boom from node"):
        await remote(stack, "fails").ainvoke({}, config_of(thread_id))


@pytest.mark.behaviour("remote-graph.async")
async def test_it_is_drawn(stack: Stack) -> None:
    drawing = await remote(stack, "sub").aget_graph()
    assert set(drawing.nodes) == {"__start__", "outer", "calm", "asking", "__end__"}


@pytest.mark.behaviour("remote-graph.async")
async def test_it_is_a_node_of_a_local_graph(stack: Stack) -> None:
    story = StateGraph(State)
    story.add_node("far", remote(stack, "echo"))
    story.add_edge(START, "far")
    assert (await story.compile().ainvoke({"x": 5}))["log"] == ["first", "second"]


def sync_remote(stack: Stack, name: str) -> RemoteGraph:
    return RemoteGraph(name, url=stack.url)


@pytest.mark.behaviour("remote-graph.sync")
def test_the_sync_face_invokes_streams_and_edits(stack: Stack) -> None:
    echo, config = sync_remote(stack, "echo"), config_of(str(uuid4()))
    assert echo.invoke({"x": 1}, config)["log"] == ["first", "second"]
    parts: list[Any] = list(echo.stream({"x": 1}, config, stream_mode=["updates", "custom"]))
    assert [part.event for part in parts] == ["custom", "updates", "updates"]
    edited = echo.update_state(config, {"x": 2}, as_node="first")
    assert (echo.get_state(edited).values["x"], echo.get_state(edited).next) == (2, ("second",))
    assert set(echo.get_graph().nodes) == {"__start__", "first", "second", "__end__"}


@pytest.mark.behaviour("remote-graph.history", "history.before-in-three-forms")
def test_history_is_limited_filtered_and_goes_on_before_a_config(stack: Stack) -> None:
    echo, config = sync_remote(stack, "echo"), config_of(str(uuid4()))
    echo.invoke({"x": 1}, config)
    newest, *older = echo.get_state_history(config)
    assert [s.metadata["step"] for s in [newest, *older] if s.metadata] == [2, 1, 0, -1]
    assert newest.parent_config == older[0].config
    assert list(echo.get_state_history(config, limit=2)) == [newest, older[0]]
    before = echo.get_state_history(config, before=newest.config)
    assert [s.config for s in before] == [s.config for s in older]
    (first,) = echo.get_state_history(config, filter={"source": "input"})
    assert first.config == older[-1].config


@pytest.mark.behaviour("remote-graph.interrupts")
def test_a_breakpoint_and_a_question_stop_it(stack: Stack) -> None:
    steps, config = sync_remote(stack, "breakpoints"), config_of(str(uuid4()))
    list(steps.stream({}, config, interrupt_before=["two"], stream_mode="updates"))
    assert steps.get_state(config).next == ("two",)
    assert steps.invoke(None, config)["log"] == ["one", "two"]

    both, config = sync_remote(stack, "ask_both"), config_of(str(uuid4()))
    both.invoke({}, config)
    asked = {q.value: q.id for q in both.get_state(config).interrupts}
    answered = both.invoke(Command(resume={asked["left?"]: 1, asked["right?"]: 2}), config)
    assert sorted(answered["answers"], key=str) == [{"left": 1}, {"right": 2}]


@pytest.mark.behaviour("remote-graph.sub-graphs")
async def test_the_state_of_its_sub_graphs_is_seen(stack: Stack, thread_id: str) -> None:
    sub, config = remote(stack, "sub"), config_of(thread_id)
    names = [ns async for ns, _ in sub.astream({}, config, stream_mode="updates", subgraphs=True)]
    assert {ns[0].partition(":")[0] for ns in names if ns} == {"calm", "asking"}
    (task,) = (await sub.aget_state(config, subgraphs=True)).tasks
    assert isinstance(task.state, StateSnapshot)
    assert task.state.next == ("question",)
    inside = await anext(sub.aget_state_history(task.state.config))
    assert inside.next == ("question",)


@pytest.mark.behaviour("remote-graph.as-node")
async def test_its_question_stops_the_graph_around_it(stack: Stack) -> None:
    """The answer goes to the remote graph itself: RemoteGraph does not pass a resume on."""
    story = StateGraph(Around)
    story.add_node("far", remote(stack, "ask"))
    story.add_edge(START, "far")
    around, config = story.compile(checkpointer=InMemorySaver()), config_of(str(uuid4()))
    asked = await around.ainvoke({"x": 1}, config)
    assert asked["__interrupt__"][0].value == {"question": "ok?", "x": 1}
    assert (await around.aget_state(config)).next == ("far",)
    answered = await remote(stack, "ask").ainvoke(Command(resume="yes"), config)
    assert answered["answers"] == ["yes"]


@pytest.mark.behaviour("remote-graph.as-node")
def test_it_is_a_node_of_a_sync_graph(stack: Stack) -> None:
    story = StateGraph(State)
    story.add_node("far", sync_remote(stack, "echo"))
    story.add_edge(START, "far")
    chunks = list(story.compile().stream({"x": 5}, subgraphs=True, stream_mode="updates"))
    assert [next(iter(update)) for _, update in chunks] == ["first", "second", "far"]
