"""A node that exits ends its run; its worker and the runs beside it live on."""

from __future__ import annotations

from typing import Any

from langgraph_sdk.client import LangGraphClient
from stack import Stack


async def test_sys_exit_in_a_node_ends_the_run_and_not_the_worker(
    stack: Stack, client: LangGraphClient, thread_id: str
) -> None:
    result: Any = await client.runs.wait(thread_id, "fails", input={"leave": True}, raise_error=False)
    assert result["__error__"]["error"] == "ExitInGraph"
    assert all(worker.alive for worker in stack.workers)
    after: Any = await client.runs.wait(thread_id, "fails", input={"calm": True, "leave": False})
    assert after["log"][-1] == "calm"
