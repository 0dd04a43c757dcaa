"""The questions a graph has asked, in the forms that clients read."""

from __future__ import annotations

from typing import Any

from langgraph.types import Interrupt, StateSnapshot


def question(interrupt: Interrupt) -> dict[str, Any]:
    """A question in a thread or a state; `response_schema` only when the graph gave one."""
    shown = {"value": interrupt.value, "id": interrupt.id}
    if interrupt.response_schema is not None:
        shown["response_schema"] = interrupt.response_schema
    return shown


def streamed_question(interrupt: Interrupt) -> dict[str, Any]:
    """A question in a result or a stream, where `response_schema` is always there."""
    return {"value": interrupt.value, "id": interrupt.id, "response_schema": interrupt.response_schema}


def questions_by_task(state: StateSnapshot) -> dict[str, list[dict[str, Any]]]:
    """The pending questions of a state by task id."""
    return {task.id: [question(i) for i in task.interrupts] for task in state.tasks if task.interrupts}
