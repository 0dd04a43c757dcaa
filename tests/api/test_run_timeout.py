"""A run that takes longer than it may."""

from __future__ import annotations

import pytest
from stack import running


@pytest.mark.behaviour("runs.timeout-is-told")
async def test_a_run_that_takes_too_long_says_so(database: str) -> None:
    async with running(database, env={"HOLDFAST_RUN_TIMEOUT": "1"}) as stack, stack.client() as client:
        thread_id = (await client.threads.create())["thread_id"]
        parts = [p async for p in client.runs.stream(thread_id, "slow", input={"seconds": 60})]
        told = "the run took longer than its limit of 1 s"
        assert (parts[-1].event, parts[-1].data) == ("error", {"error": "RunTimeout", "message": told})
        values = await client.runs.wait(thread_id, "slow", input={"seconds": 60}, raise_error=False)
        assert isinstance(values, dict)
        assert values["__error__"]["message"] == told
        assert [r["status"] for r in await client.runs.list(thread_id)] == ["timeout", "timeout"]
        assert (await client.threads.get(thread_id))["status"] == "error"
