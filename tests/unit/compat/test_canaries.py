"""Each private hook of a dependency that Holdfast leans on; one of these fails when a hook moves."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, TypedDict

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph._internal._constants import CONFIG_KEY_STRICT_RESUME
from langgraph.checkpoint.base import _with_msgpack_allowlist
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.store.memory import InMemoryStore
from langgraph.stream import LifecycleTransformer
from procrastinate import App, JobContext
from procrastinate.jobs import Job
from procrastinate.schema import SchemaManager
from procrastinate.worker import Worker
from pydantic import TypeAdapter

from holdfast_server.compat.langgraph import (
    COPY_NODE,
    MESSAGE_BLOCKS,
    SPECIAL_WRITES,
    STRICT_RESUME,
    DeltaSnapshot,
    ExecutionRuntime,
    ReadRuntime,
    StreamMux,
    TaskReader,
    coerce_context,
    convert_to_protocol_event,
    message_to_events,
)
from holdfast_server.compat.pydantic import any_typed_dict


@dataclass
class Wishes:
    """A context with a default."""

    size: int = 1


class State(TypedDict):
    """Declared as most graphs do it."""

    n: int


def test_strict_resume_is_still_the_key_that_langgraph_reads() -> None:
    assert STRICT_RESUME == CONFIG_KEY_STRICT_RESUME


def test_special_writes_still_have_negative_places() -> None:
    assert {"__error__", "__interrupt__", "__resume__"} <= SPECIAL_WRITES.keys()
    assert all(place < 0 for place in SPECIAL_WRITES.values())


def test_a_delta_snapshot_is_still_a_type() -> None:
    assert inspect.isclass(DeltaSnapshot)


def test_the_two_runtimes_of_a_factory_still_tell_execution_from_reading() -> None:
    store = InMemoryStore()
    running = ExecutionRuntime(access_context="threads.create_run", store=store, context=5)
    assert running.execution_runtime is running
    assert running.context == 5
    reading: ReadRuntime[None] = ReadRuntime(access_context="threads.read", store=store)
    assert reading.execution_runtime is None


def test_a_context_is_still_made_of_the_type_that_the_graph_names() -> None:
    assert coerce_context(Wishes, {}) == Wishes(size=1)
    with pytest.raises(TypeError):
        coerce_context(Wishes, {"unknown": 1})


def test_an_update_as_copy_still_forks() -> None:
    story = StateGraph(State)
    story.add_node("one", lambda state: {"n": 1})
    story.add_edge(START, "one")
    graph = story.compile(checkpointer=InMemorySaver())
    graph.invoke({"n": 0}, {"configurable": {"thread_id": "t"}})
    graph.update_state({"configurable": {"thread_id": "t"}}, None, as_node=COPY_NODE)
    assert (graph.get_state({"configurable": {"thread_id": "t"}}).metadata or {})["source"] == "fork"


async def test_a_mux_is_still_pulled_by_who_reads_it() -> None:
    parts: list[Any] = [{"type": "values", "ns": ("sub:1",), "data": {"x": 1}}]
    mux = StreamMux(factories=[LifecycleTransformer], is_async=True)

    async def pull() -> bool:
        if not parts:
            await mux.aclose()
            return False
        await mux.apush(convert_to_protocol_event(parts.pop()))
        return True

    mux.bind_apump(pull)
    (event,) = [event async for event in mux._events]
    assert (event["method"], event["params"]["namespace"]) == ("values", ["sub:1"])


def test_who_tells_of_sub_graphs_still_reads_tasks() -> None:
    assert issubclass(LifecycleTransformer, TaskReader)
    (reader,) = StreamMux(factories=[LifecycleTransformer])._transformers
    assert reader.required_stream_modes == ("tasks",)


async def test_message_blocks_are_still_asked_for_by_a_config_key() -> None:
    async def speak(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await GenericFakeChatModel(messages=iter(["hello world"])).ainvoke("hi")]}

    story = StateGraph(MessagesState)
    story.add_node("speak", speak)
    story.add_edge(START, "speak")
    config: Any = {"configurable": {MESSAGE_BLOCKS: True}}
    options: Any = {"stream_mode": ["messages"], "version": "v2"}
    parts = [part async for part in story.compile().astream({"messages": []}, config, **options)]
    assert [part["data"][0]["event"] for part in parts][:2] == ["message-start", "content-block-start"]
    assert all(part["data"][1]["run_id"] for part in parts)


def test_a_whole_message_is_still_told_in_blocks() -> None:
    events = [event["event"] for event in message_to_events(AIMessage("hello"), message_id="m")]
    assert (events[0], events[-1]) == ("message-start", "message-finish")
    assert "content-block-finish" in events


def test_procrastinate_still_has_the_sql_that_our_functions_call() -> None:
    schema = SchemaManager.get_schema()
    for name in (
        "create or replace function procrastinate_defer_jobs_v1", "procrastinate_job_to_defer_v1",
        "procrastinate_jobs", "'todo'", "'doing'",
    ):  # fmt: skip
        assert name.lower() in schema.lower() or name.replace("or replace ", "").lower() in schema.lower(), (
            name
        )


def test_a_procrastinate_job_still_has_the_id_that_is_our_ticket() -> None:
    assert "id" in {field.name for field in Job.__attrs_attrs__}
    assert "job" in {field.name for field in JobContext.__attrs_attrs__}


def test_the_procrastinate_worker_still_takes_what_we_give() -> None:
    wanted = {
        "queues", "name", "concurrency", "delete_jobs", "install_signal_handlers",
        "fetch_job_polling_interval",
    }  # fmt: skip
    assert wanted <= inspect.signature(Worker.__init__).parameters.keys()
    assert {"run", "stop"} <= set(dir(Worker))
    assert "pool" in inspect.signature(App.open_async).parameters


def test_pydantic_makes_schemas_of_every_typed_dict_on_request() -> None:
    with any_typed_dict():
        assert TypeAdapter(State).json_schema()["properties"] == {"n": {"title": "N", "type": "integer"}}


def test_the_request_ends_with_its_block() -> None:
    from pydantic._internal import _generate_schema

    before = _generate_schema._SUPPORTS_TYPEDDICT
    with pytest.raises(ZeroDivisionError), any_typed_dict():
        raise ZeroDivisionError
    assert _generate_schema._SUPPORTS_TYPEDDICT is before


def test_the_options_of_the_interpreter_are_told() -> None:
    program = "from holdfast_server.compat.python import interpreter_options as o; print(o())"
    command = [sys.executable, "-s", "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert {"-s", "-Wignore"} <= set(ast.literal_eval(done.stdout))


def test_every_checkpoint_is_still_read_where_the_saver_opens_its_metadata() -> None:
    for method in (AsyncPostgresSaver.aget_tuple, AsyncPostgresSaver.alist):
        assert "self._load_checkpoint_tuple(value)" in inspect.getsource(method)
    loading = inspect.getsource(AsyncPostgresSaver._load_checkpoint_tuple)
    assert all(f'value["{name}"]' in loading for name in ("metadata", "checkpoint", "channel_values"))
    assert "self.serde.loads_typed" in inspect.getsource(AsyncPostgresSaver._load_blobs)
    assert "self.serde.loads_typed" in inspect.getsource(AsyncPostgresSaver._load_writes)


def test_langgraph_still_knows_no_wrapped_serializer_but_its_own() -> None:
    assert "isinstance(serde, JsonPlusSerializer)" in inspect.getsource(_with_msgpack_allowlist)
    assert hasattr(JsonPlusSerializer(), "with_msgpack_allowlist")
