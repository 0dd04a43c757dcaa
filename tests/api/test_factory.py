"""A factory makes the graph of a run from its config and context; what is done with the thread fits it."""

from __future__ import annotations

import pytest
from api.scene import Client


@pytest.mark.behaviour("assistants.context-defaults")
async def test_a_context_with_defaults_is_there_when_nobody_sends_one(client: Client, thread_id: str) -> None:
    values = await client.runs.wait(thread_id, "shaped", input={})
    assert values == {"said": "hello", "made_with": "hello"}


@pytest.mark.behaviour("assistants.factory")
async def test_the_factory_and_the_nodes_see_the_context_of_the_run(client: Client, thread_id: str) -> None:
    values = await client.runs.wait(thread_id, "shaped", input={}, context={"greeting": "ahoy"})
    assert values == {"said": "ahoy", "made_with": "ahoy"}


@pytest.mark.behaviour("assistants.factory-state")
async def test_state_is_edited_in_the_graph_that_the_config_of_the_run_made(
    client: Client, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "shaped", input={}, config={"configurable": {"node": "fancy"}})
    await client.threads.update_state(thread_id, {"said": "edited"}, as_node="fancy")
    state = await client.threads.get_state(thread_id)
    assert (state["values"]["said"], state["next"]) == ("edited", [])


@pytest.mark.behaviour("assistants.factory-state")
async def test_history_is_read_with_the_graph_that_the_config_of_the_run_made(
    client: Client, thread_id: str
) -> None:
    configured = {"config": {"configurable": {"node": "fancy"}}, "interrupt_before": ["fancy"]}
    await client.runs.wait(thread_id, "shaped", input={}, **configured)
    head, *_ = await client.threads.get_history(thread_id)
    assert [task["name"] for task in head["tasks"]] == ["fancy"]


@pytest.mark.behaviour("assistants.factory")
async def test_a_graph_is_drawn_though_its_factory_asks_for_the_runtime(client: Client) -> None:
    drawing = await client.assistants.get_graph("shaped")
    assert {node["id"] for node in drawing["nodes"]} == {"__start__", "plain", "__end__"}
