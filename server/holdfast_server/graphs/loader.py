"""Loads the graphs of langgraph.json."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from langgraph.graph import StateGraph
from langgraph.pregel import Pregel

from holdfast_server.config.app import AppConfig, GraphSpec
from holdfast_server.errors import GraphLoadError, UserCodeError
from holdfast_server.graphs.served import ServedGraph
from holdfast_server.user_code import load_object, make_importable


@dataclass(frozen=True)
class LoadedGraphs:
    """The graphs that work, and why the others do not, both by graph id; and what named them."""

    graphs: dict[str, ServedGraph] = field(default_factory=dict)
    failures: dict[str, GraphLoadError] = field(default_factory=dict)
    config: AppConfig | None = None


def load_graphs(config: AppConfig) -> LoadedGraphs:
    """Imports every graph; one that fails does not take the others down."""
    make_importable(config.import_paths, config.env)
    loaded = LoadedGraphs(config=config)
    for spec in config.graphs:
        try:
            loaded.graphs[spec.graph_id] = load_graph(spec, config.folder)
        except GraphLoadError as failure:
            loaded.failures[spec.graph_id] = failure
    return loaded


def load_graph(spec: GraphSpec, folder: Path) -> ServedGraph:
    """Imports one graph.

    Raises:
        GraphLoadError: names the graph, the file and the error, with the line of the user's code.
    """
    try:
        found = load_object(f"graph {spec.graph_id!r}", spec.source, spec.name, folder)
    except UserCodeError as failure:
        raise GraphLoadError(str(failure)) from failure
    if not callable(found) and not isinstance(found, Pregel | StateGraph):
        raise GraphLoadError(
            f"graph {spec.graph_id!r}: {spec.name!r} in {spec.source} is a {type(found).__name__}; "
            "it must be a StateGraph, a compiled graph, or a function that makes one"
        )
    return ServedGraph(spec.graph_id, found, spec.description)
