"""The supervised agent: a planner, a validator in front of every call, and a person where one is needed."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.tools import BaseTool
from langchain_core.tools import tool as plain_tool
from langgraph.errors import GraphBubbleUp, GraphInterrupt
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Checkpointer

from holdfast_graphs.human_interrupt import HumanInterrupt
from holdfast_graphs.planner import LazyModel, Planner, after_planner
from holdfast_graphs.state import AgentInput, AgentState
from holdfast_graphs.tool_runner import ToolRunner
from holdfast_graphs.validator import Validator
from holdfast_tools import Budget, Gateway, Policy

SUPERSTEPS_PER_STEP = 10
"""Planner, validator, interrupt, planner, validator, runner, and room: our limit of steps must hit first."""
SUPERSTEPS_WITHOUT_LIMIT = 10_000

Agent = CompiledStateGraph[AgentState, None, AgentInput, AgentState]


def supervised_agent(
    *,
    name: str,
    model: str | BaseChatModel,
    instructions: str,
    tools: Sequence[BaseTool | Callable[..., Any]],
    policy: Policy | None = None,
    checkpointer: Checkpointer = None,
) -> Agent:
    """An agent whose every tool call is checked, approved where its policy says so, and run as agreed.

    `model` is a chat model or its name (`provider:model`), which is resolved at the first call. Plain
    functions among `tools` are taken as LangChain takes them; declare them with `@tool` to give them a
    contract. Leave `checkpointer` out under `langgraph dev` and Holdfast, which bring their own.

    >>> graph = supervised_agent(
    ...     name="invoice_review", model="openai:gpt-5-mini", instructions="Review the invoices.",
    ...     tools=[find_invoice, pay_invoice], policy=Policy(budget=Budget(steps=20)),
    ... )

    Raises:
        BadTool, BadPolicy: the tools or the policy cannot work.
    """
    policy = policy or Policy()
    bound = [tool if isinstance(tool, BaseTool) else plain_tool(tool) for tool in tools]
    gateway = Gateway(bound, policy=policy, passthrough=(GraphBubbleUp,), pauses=(GraphInterrupt,))

    story = StateGraph(AgentState, input_schema=AgentInput)
    story.add_node(
        "planner",
        Planner(LazyModel(model, bound), instructions, policy.budget),
    )
    story.add_node("validator", Validator(gateway))
    story.add_node("tool_runner", ToolRunner(gateway))
    story.add_node("human_interrupt", HumanInterrupt(gateway))
    story.add_edge(START, "planner")
    story.add_conditional_edges("planner", after_planner)
    story.add_edge("tool_runner", "planner")
    story.add_edge("human_interrupt", "planner")
    graph = story.compile(checkpointer=checkpointer, name=name)
    return graph.with_config(recursion_limit=_recursion_limit(policy.budget))


def _recursion_limit(budget: Budget) -> int:
    return SUPERSTEPS_WITHOUT_LIMIT if budget.steps is None else SUPERSTEPS_PER_STEP * (budget.steps + 5)
