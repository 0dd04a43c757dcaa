"""LangChain's agent with its own approval middleware: what Agent Chat UI draws buttons for."""

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.tools import tool
from model import ParrotModel


@tool
async def send(text: str) -> str:
    """Send a message."""
    return f"sent {text}"


graph = create_agent(
    ParrotModel(tool="send", argument="text"),
    [send],
    middleware=[HumanInTheLoopMiddleware(interrupt_on={"send": True})],
    name="hitl",
)
