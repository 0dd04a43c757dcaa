"""LangGraph's hooks that are not promised to stay; `tests/unit/compat` fails when one of them moves."""

from __future__ import annotations

from langchain_core.language_models._compat_bridge import message_to_events
from langgraph._internal._constants import CONFIG_KEY_STREAM_MESSAGES_V2 as MESSAGE_BLOCKS
from langgraph.checkpoint.base import WRITES_IDX_MAP as SPECIAL_WRITES
from langgraph.checkpoint.serde.types import _DeltaSnapshot as DeltaSnapshot
from langgraph.pregel.main import _coerce_context as coerce_context
from langgraph.stream._convert import convert_to_protocol_event
from langgraph.stream._mux import StreamMux
from langgraph.stream.transformers import _TasksLifecycleBase as TaskReader
from langgraph_sdk.runtime import _ExecutionRuntime as ExecutionRuntime
from langgraph_sdk.runtime import _ReadRuntime as ReadRuntime

# Config key: a resume naming a question that is not pending is refused instead of answering another one.
STRICT_RESUME = "__pregel_strict_resume"

# Studio's "re-run from here": an update under this name forks the checkpoint.
COPY_NODE = "__copy__"

__all__ = [
    "COPY_NODE",
    "MESSAGE_BLOCKS",
    "SPECIAL_WRITES",
    "STRICT_RESUME",
    "DeltaSnapshot",
    "ExecutionRuntime",
    "ReadRuntime",
    "StreamMux",
    "TaskReader",
    "coerce_context",
    "convert_to_protocol_event",
    "message_to_events",
]
