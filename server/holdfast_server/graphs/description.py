"""What the API tells about a graph without importing it: schemas, drawing, sub-graphs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from langchain_core.runnables import RunnableConfig
from pydantic import TypeAdapter

from holdfast_server.compat.pydantic import any_typed_dict
from holdfast_server.graphs.factory import Occasion
from holdfast_server.graphs.served import Graph, ServedGraph

Json = dict[str, Any]

# Deeper drawings than this are the full one.
_DEEPEST = 5


async def describe(served: ServedGraph) -> Json:
    """The description of a graph as plain JSON: `schemas`, `drawing` (by xray depth), `subgraphs`."""
    config: RunnableConfig = {"configurable": {}}
    async with served.open(config, Occasion("assistants.read")) as graph:
        return {
            "schemas": _schemas(graph),
            "drawing": _drawings(graph, config),
            "subgraphs": {name: _schemas(sub) async for name, sub in graph.aget_subgraphs(recurse=True)},
        }


def _drawings(graph: Graph, config: RunnableConfig) -> Json:
    """The drawing without and with sub-graphs, and as far as each depth that differs from the full one."""
    full = graph.get_graph(config, xray=True).to_json()
    drawings = {"false": graph.get_graph(config).to_json(), "true": full}
    for depth in range(1, _DEEPEST + 1):
        drawing = graph.get_graph(config, xray=depth).to_json()
        if drawing == full:
            break
        drawings[str(depth)] = drawing
    return drawings


def _schemas(graph: Any) -> Json:
    with warnings.catch_warnings(), any_typed_dict():
        warnings.simplefilter("ignore")
        output = _schema(graph.get_output_jsonschema)
        return {
            "input_schema": _schema(graph.get_input_jsonschema),
            "output_schema": output,
            "state_schema": _state_schema(graph) or output,
            "config_schema": _schema(graph.get_config_jsonschema),
            "context_schema": _schema(graph.get_context_jsonschema),
        }


def _state_schema(graph: Any) -> Json | None:
    state: Any = getattr(getattr(graph, "builder", None), "state_schema", None)
    return _schema(lambda: TypeAdapter(state).json_schema()) if state is not None else None


def _schema(make: Callable[[], Any]) -> Json | None:
    # A state may hold types that JSON Schema cannot express; the graph still runs.
    try:
        schema = make()
    except Exception:
        return None
    return schema if isinstance(schema, dict) else None
