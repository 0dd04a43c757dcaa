"""LangChain's own agent: a graph that never heard of Holdfast."""

from langchain.agents import create_agent
from langchain_core.tools import tool
from model import ParrotModel


@tool
async def weather(city: str) -> str:
    """The weather of a city."""
    return f"sun over {city}"


graph = create_agent(ParrotModel(tool="weather", argument="city"), [weather], name="agent")
