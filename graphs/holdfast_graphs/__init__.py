"""Agents whose every tool call passes the gateway. Imports LangGraph and the tools, never the server."""

from holdfast_graphs.state import AgentState
from holdfast_graphs.supervised import supervised_agent

__all__ = ["AgentState", "supervised_agent"]
