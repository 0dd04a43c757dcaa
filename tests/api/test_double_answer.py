"""Two people answer the same question: the second answer must not be taken for the next question's."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph_sdk.client import LangGraphClient


async def test_a_second_bare_answer_does_not_answer_the_next_question(
    client: LangGraphClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "ask_twice", input={})
    [first] = (await client.threads.get(thread_id))["interrupts"].values()
    same: Any = {"resume": "yes"}
    runs = await asyncio.gather(*(client.runs.create(thread_id, "ask_twice", command=same) for _ in range(2)))
    runs = sorted(runs, key=lambda run: run["created_at"])
    results: list[Any] = [await client.runs.join(thread_id, run["run_id"]) for run in runs]
    thread = await client.threads.get(thread_id)

    [second] = thread["interrupts"].values()
    assert second[0]["id"] != first[0]["id"]
    assert results[0]["__interrupt__"][0]["id"] == second[0]["id"]
    assert results[1]["__error__"]["error"] == "UnknownInterruptError"
    # The question that was really asked is still there for the person it is meant for.
    assert thread["status"] == "interrupted"
