"""What type checkers see of the public face; `make check` fails when an assertion here is wrong."""

from __future__ import annotations

from typing import assert_type

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langgraph.graph.state import CompiledStateGraph

from holdfast_graphs import AgentState, supervised_agent
from holdfast_tools import tool
from holdfast_tools.ledger import EffectLedger, InMemoryLedger
from holdfast_tools.tool import HoldfastTool


@tool(effect="read")
async def look(place: str) -> str:
    """Look somewhere."""
    return f"nothing at {place}"


def test_a_declared_tool_is_a_langchain_tool_with_a_contract() -> None:
    assert_type(look, HoldfastTool)
    assert look.effect == "read"


def test_an_agent_is_a_plain_compiled_graph() -> None:
    model = GenericFakeChatModel(messages=iter([]))
    graph = supervised_agent(name="a", model=model, instructions="", tools=[])
    assert isinstance(graph, CompiledStateGraph)
    assert set(AgentState.__annotations__) >= {"messages", "steps", "decisions"}


def test_the_ledger_in_memory_is_a_ledger() -> None:
    ledger: EffectLedger = InMemoryLedger()
    assert ledger
