"""A rollback takes back an answer, too: the question waits again."""

from __future__ import annotations

from typing import Any

from api.scene import until
from langgraph_sdk.client import LangGraphClient


async def test_a_rolled_back_answer_leaves_the_question_open(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "ask_then_wait", input={})
    before = await client.threads.get_state(thread_id)
    answer: Any = {"resume": "yes"}
    run = await client.runs.create(thread_id, "ask_then_wait", command=answer)

    async def next_step_runs() -> bool:
        return bool((await client.threads.get_state(thread_id))["next"] == ["wait"])

    # The answer has been taken and the next step is running when the run is rolled back.
    await until(next_step_runs)
    await client.runs.cancel(thread_id, run["run_id"], action="rollback", wait=True)
    after = await client.threads.get_state(thread_id)
    thread = await client.threads.get(thread_id)
    result: Any = await client.runs.wait(thread_id, "ask_then_wait", command={"resume": "no"}, input=None)

    assert after == before
    assert thread["status"] == "interrupted"
    assert thread["interrupts"]
    assert result["answers"][-1] == "no"
