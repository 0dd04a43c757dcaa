"""The functional API: a task, a question, an entrypoint. Loaded by module name."""

from typing import Any

from langgraph.func import entrypoint, task
from langgraph.types import interrupt


@task
async def double(number: int) -> int:
    return number * 2


@entrypoint()
async def graph(number: int) -> dict[str, Any]:
    doubled = await double(number)
    return {"doubled": doubled, "answer": interrupt(f"{doubled}?")}
