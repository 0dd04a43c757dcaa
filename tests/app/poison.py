"""Puts into its state whatever breaks databases and JSON: the kinds are asked for by name."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypedDict

from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt


class Opaque:
    """An object that is no JSON and not registered anywhere."""

    def __repr__(self) -> str:
        return "<opaque>"


class State(TypedDict, total=False):
    """The kind that was asked for and what came of it."""

    kind: str
    via: str
    value: Any


def nested(depth: int) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = [value]
    return value


def circle() -> Any:
    ring: list[Any] = []
    ring.append(ring)
    return ring


POISONS: dict[str, Callable[[], Any]] = {
    "nul": lambda: "a\x00b",
    "nul_key": lambda: {"a\x00b": 1},
    "surrogate": lambda: "a\ud800b",
    "surrogate_key": lambda: {"a\ud800b": 1},
    "nan": lambda: math.nan,
    "infinity": lambda: [math.inf, -math.inf],
    "big_int": lambda: 2**80,
    "big_string": lambda: "x" * 10_000_000,
    "bytes": lambda: b"\x00\xff",
    "set": lambda: {1, 2},
    "datetime": lambda: datetime(2026, 1, 2, tzinfo=UTC),
    "int_keys": lambda: {1: "one"},
    "tuple_keys": lambda: {(1, 2): "pair"},
    "opaque": Opaque,
    "exception": lambda: ValueError("kept"),
    "function": lambda: nested,
    "nested": lambda: nested(150),
    "deep": lambda: nested(400),
    "circle": circle,
}


async def pour(state: State) -> State:
    value = POISONS[state["kind"]]()
    match state.get("via"):
        case "custom":
            get_stream_writer()(value)
            return {"value": "streamed"}
        case "interrupt":
            return {"value": interrupt(value)}
        case "error":
            raise RuntimeError(value)
    return {"value": value}


async def cure(state: State) -> State:
    return {"kind": "cured"} if state["kind"] == "cure" else {}


graph = StateGraph(State)
graph.add_node("pour", pour)
graph.add_node("cure", cure)
graph.add_conditional_edges(
    START, lambda state: "cure" if state["kind"] == "cure" else "pour", ["pour", "cure"]
)
