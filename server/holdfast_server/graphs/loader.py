"""Loads the graphs of langgraph.json: the only place that imports user code."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from langgraph.graph import StateGraph
from langgraph.pregel import Pregel

from holdfast_server.config.app import AppConfig, GraphSpec
from holdfast_server.errors import GraphLoadError
from holdfast_server.graphs.served import ServedGraph


@dataclass(frozen=True)
class LoadedGraphs:
    """The graphs that work, and why the others do not, both by graph id; and what named them."""

    graphs: dict[str, ServedGraph] = field(default_factory=dict)
    failures: dict[str, GraphLoadError] = field(default_factory=dict)
    config: AppConfig | None = None


def load_graphs(config: AppConfig) -> LoadedGraphs:
    """Imports every graph; one that fails does not take the others down."""
    for path in reversed(config.import_paths):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    os.environ.update(config.env)
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
        module = _module(spec, folder)
        found = _attribute(module, spec)
    except GraphLoadError:
        raise
    except (Exception, SystemExit) as error:
        raise GraphLoadError(
            f"graph {spec.graph_id!r} from {spec.source} does not load: "
            f"{type(error).__name__}: {error}{_line_of(error)}"
        ) from error
    if not callable(found) and not isinstance(found, Pregel | StateGraph):
        raise GraphLoadError(
            f"graph {spec.graph_id!r}: {spec.name!r} in {spec.source} is a {type(found).__name__}; "
            "it must be a StateGraph, a compiled graph, or a function that makes one"
        )
    return ServedGraph(spec.graph_id, found, spec.description)


def load_object(source: str, name: str, folder: Path) -> Any:
    """The object that `./file.py:name` or `module:name` stands for.

    Raises:
        GraphLoadError: there is no such file or name; whatever the user's code raises comes as it is.
    """
    spec = GraphSpec(f"{source}:{name}", source, name)
    return _attribute(_module(spec, folder), spec)


def _module(spec: GraphSpec, folder: Path) -> ModuleType:
    if not spec.source.endswith(".py") and "/" not in spec.source:
        return importlib.import_module(spec.source)
    file = (folder / spec.source).resolve()
    if not file.is_file():
        raise GraphLoadError(f"graph {spec.graph_id!r}: {file} does not exist; correct langgraph.json")
    # Registered under a name of its own: type hints of the state are looked up there.
    name = "holdfast_graph_file_" + "_".join(file.with_suffix("").parts[1:])
    if name in sys.modules:
        return sys.modules[name]
    module_spec = importlib.util.spec_from_file_location(name, file)
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[name] = module
    try:
        module_spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _attribute(module: ModuleType, spec: GraphSpec) -> Any:
    if not hasattr(module, spec.name):
        public = ", ".join(n for n in vars(module) if not n.startswith("_"))
        raise GraphLoadError(
            f"graph {spec.graph_id!r}: {spec.source} has no {spec.name!r}; it has {public[:300] or 'nothing'}"
        )
    return getattr(module, spec.name)


def _line_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
