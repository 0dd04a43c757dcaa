"""A question: what one thread waits for, exactly as `threads.get` shows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from langgraph_sdk.schema import Thread


@dataclass(frozen=True)
class Question:
    """One tool call that a person decides about."""

    interrupt_id: str
    kind: Literal["tool_approval", "unknown_outcome"]
    tool: str
    args: Mapping[str, Any]
    why: str
    roles: tuple[str, ...]


def questions_of(thread: Thread) -> Iterator[Question]:
    """What waits on `thread`."""
    for interrupts in thread["interrupts"].values():
        for interrupt in interrupts:
            asked: Mapping[str, Any] = interrupt["value"]
            yield Question(
                interrupt_id=interrupt["id"],
                kind=asked["type"],
                tool=asked["name"],
                args=asked["args"],
                why=asked["description"],
                roles=tuple(asked["roles"]),
            )
