"""Assistants as MCP tools: their names, what they take, and a graph's input made of a tool's arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.api.backend import Backend
from holdfast_server.api.body import storable
from holdfast_server.api.published import input_schemas
from holdfast_server.api.which_assistant import readable

Json = dict[str, Any]

# What every model provider accepts as the name of a function.
_LONGEST = 64
_REF = re.compile(r"#/(?:\$defs|definitions)/([^/\"]+)")
_SAID = {"type": "string", "title": "Message", "description": "What to say to the assistant."}


@dataclass(frozen=True)
class Tool:
    """An assistant as a tool."""

    name: str
    assistant_id: str
    graph_id: str
    title: str
    description: str | None


async def tools_of(backend: Backend) -> list[Tool]:
    """A tool for every assistant that the caller may see and whose graph loads, oldest first."""
    value: Json = {"metadata": {}}
    visible = await backend.allow("assistants", "search", value)
    metadata = wire.dumps_text(storable("metadata", value["metadata"]))
    rows = await backend.rows("list_tools", {"visible": readable(visible, "search"), "metadata": metadata})
    return named(rows)


async def shown(backend: Backend, tools: Iterable[Tool]) -> list[Json]:
    """The tools as `tools/list` answers them."""
    tools = list(tools)
    published = await input_schemas(backend, {tool.graph_id for tool in tools})
    schemas = {graph_id: input_schema(schema) for graph_id, schema in published.items()}
    return [
        {
            "name": tool.name,
            "title": tool.title,
            "description": tool.description or f"Runs the assistant {tool.title} (graph {tool.graph_id}).",
            "inputSchema": schemas.get(tool.graph_id) or input_schema(None),
            "annotations": {"title": tool.title},
        }
        for tool in tools
    ]


def named(rows: Iterable[DictRow]) -> list[Tool]:
    """Tools with unique names: the oldest assistant of a name has it, the others get a suffix."""
    taken: dict[str, Tool] = {}
    for row in rows:
        ending = str(row["assistant_id"]).replace("-", "")
        name = _plain(row["name"]) or f"assistant_{ending[-8:]}"
        if name in taken:
            name = f"{name[: _LONGEST - 9]}_{ending[-8:]}"
        if name in taken:
            name = f"{name[: _LONGEST - 33]}_{ending}"
        identity = (name, str(row["assistant_id"]), row["graph_id"])
        taken[name] = Tool(*identity, row["name"], row["description"])
    return list(taken.values())


def _plain(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:_LONGEST]
    return plain if plain.strip("_-") else ""


def input_schema(schema: Json | None) -> Json:
    """What a tool takes: the graph's input, with its messages as one string; a non-object under `input`."""
    if not _is_object(schema):
        definitions = {"$defs": schema["$defs"]} if schema and "$defs" in schema else {}
        inner = {k: v for k, v in (schema or {}).items() if k != "$defs"}
        return {"type": "object", "properties": {"input": inner}, "required": ["input"], **definitions}
    assert schema is not None
    properties = schema.get("properties") or {}
    if "messages" not in properties:
        return _pruned(schema | {"type": "object"})
    return _pruned(schema | {"type": "object", "properties": properties | {"messages": _SAID}})


def input_of(schema: Json | None, arguments: Mapping[str, Any]) -> Any:
    """The graph's input; a `messages` that is a list goes through untouched."""
    if not _is_object(schema):
        return arguments.get("input")
    said = arguments.get("messages")
    if isinstance(said, str):
        return {**arguments, "messages": [{"role": "user", "content": said}]}
    return dict(arguments)


def _is_object(schema: Json | None) -> bool:
    return schema is not None and (schema.get("type") == "object" or "properties" in schema)


def _pruned(schema: Json) -> Json:
    """Without the definitions that nothing refers to any more: those of messages are long."""
    definitions = schema.get("$defs")
    if not isinstance(definitions, dict):
        return schema
    rest = {k: v for k, v in schema.items() if k != "$defs"}
    needed: set[str] = set()
    layer = _references(rest)
    while layer:
        needed |= layer
        found = [_references(definitions[name]) for name in layer if name in definitions]
        layer = set().union(*found) - needed
    kept = {name: value for name, value in definitions.items() if name in needed}
    return rest | ({"$defs": kept} if kept else {})


def _references(value: object) -> set[str]:
    return set(_REF.findall(wire.dumps_text(value)))
