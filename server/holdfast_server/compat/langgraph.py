"""LangGraph's hooks that are not promised to stay; `tests/unit/compat` fails when one of them moves."""

from __future__ import annotations

from langgraph.checkpoint.base import WRITES_IDX_MAP as SPECIAL_WRITES
from langgraph.checkpoint.serde.types import _DeltaSnapshot as DeltaSnapshot
from langgraph.pregel.main import _coerce_context as coerce_context
from langgraph_sdk.runtime import _ExecutionRuntime as ExecutionRuntime
from langgraph_sdk.runtime import _ReadRuntime as ReadRuntime

# Config key: a resume naming a question that is not pending is refused instead of answering another one.
STRICT_RESUME = "__pregel_strict_resume"

# Studio's "re-run from here": an update under this name forks the checkpoint.
COPY_NODE = "__copy__"

__all__ = [
    "COPY_NODE",
    "SPECIAL_WRITES",
    "STRICT_RESUME",
    "DeltaSnapshot",
    "ExecutionRuntime",
    "ReadRuntime",
    "coerce_context",
]
