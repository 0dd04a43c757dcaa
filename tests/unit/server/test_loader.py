"""Graphs are loaded one by one; a broken one names itself, its file and its error."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig

from holdfast_server.config.app import AppConfig, GraphSpec
from holdfast_server.errors import GraphLoadError
from holdfast_server.graphs.description import describe
from holdfast_server.graphs.loader import load_graph, load_graphs
from holdfast_server.graphs.served import ServedGraph

GRAPH = """
from typing import TypedDict
from langgraph.graph import START, StateGraph
class State(TypedDict):
    n: int
def build():
    story = StateGraph(State)
    story.add_node("one", lambda state: {"n": 1})
    story.add_edge(START, "one")
    return story
"""
KINDS = """
from contextlib import asynccontextmanager, contextmanager
uncompiled = build()
compiled = build().compile()
def factory(): return build()
def with_config(config): return build() if "configurable" in config else None
async def asynchronous(config): return build().compile()
@asynccontextmanager
async def async_context(config): yield build()
@contextmanager
def context(): yield build()
def optional(config=None): return build()
def nothing(): return 5
"""


@pytest.fixture(autouse=True)
def import_paths() -> Iterator[None]:
    before = list(sys.path)
    yield
    sys.path[:] = before


def spec(folder: Path, text: str, name: str = "graph") -> GraphSpec:
    (folder / "g.py").write_text(text)
    return GraphSpec("g", "./g.py", name)


@pytest.mark.parametrize(
    "name",
    [
        "uncompiled",
        "compiled",
        "factory",
        "with_config",
        "asynchronous",
        "async_context",
        "context",
        "optional",
    ],
)
async def test_every_way_to_name_a_graph_gives_a_graph_that_runs(tmp_path: Path, name: str) -> None:
    served = load_graph(spec(tmp_path, GRAPH + KINDS, name), tmp_path)
    config: RunnableConfig = {"configurable": {}}
    async with served.open(config) as graph:
        assert (await graph.ainvoke({"n": 0}))["n"] == 1


async def test_a_factory_that_makes_no_graph_is_told(tmp_path: Path) -> None:
    served = load_graph(spec(tmp_path, GRAPH + KINDS, "nothing"), tmp_path)
    with pytest.raises(GraphLoadError, match="graph 'g' is a int; it must be"):
        async with served.open({}):
            pass


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("import no_such_thing", "graph", r"'g' from \./g\.py does not load: ModuleNotFoundError.*g\.py:1"),
        ("def broken(:", "graph", r"SyntaxError"),
        ("raise SystemExit(3)", "graph", r"SystemExit: 3"),
        ("1 / 0", "graph", r"ZeroDivisionError.*g\.py:1"),
        ("other = 1", "graph", r"has no 'graph'; it has other"),
        ("graph = 5", "graph", r"'graph' in \./g\.py is a int"),
    ],
)
def test_a_broken_graph_names_itself_its_file_and_its_error(
    tmp_path: Path, text: str, name: str, sentence: str
) -> None:
    with pytest.raises(GraphLoadError, match=sentence):
        load_graph(spec(tmp_path, text, name), tmp_path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(GraphLoadError, match=r"gone\.py does not exist"):
        load_graph(GraphSpec("g", "./gone.py", "graph"), tmp_path)


def test_a_broken_graph_does_not_take_the_others_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOADER_TEST", raising=False)
    (tmp_path / "fine.py").write_text("import os\nassert os.environ['LOADER_TEST'] == 'set'\n" + GRAPH)
    (tmp_path / "loader_test_module.py").write_text(GRAPH + "graph = build()")
    (tmp_path / "bad.py").write_text("import no_such_thing")
    specs = (
        GraphSpec("bad", "./bad.py", "graph"),
        GraphSpec("fine", "./fine.py", "build"),
        GraphSpec("module", "loader_test_module", "graph"),
        GraphSpec("no module", "no_such_module", "graph"),
    )
    config = AppConfig(tmp_path / "langgraph.json", specs, (tmp_path,), {"LOADER_TEST": "set"})
    loaded = load_graphs(config)
    assert set(loaded.graphs) == {"fine", "module"}
    assert set(loaded.failures) == {"bad", "no module"}


def test_two_graphs_of_one_file_share_its_module(tmp_path: Path) -> None:
    first = load_graph(spec(tmp_path, GRAPH + KINDS, "compiled"), tmp_path)
    again = load_graph(GraphSpec("h", "./g.py", "compiled"), tmp_path)
    assert first.source is again.source


async def test_a_graph_is_described_whatever_its_state_is_declared_with(tmp_path: Path) -> None:
    served = load_graph(spec(tmp_path, GRAPH + KINDS, "compiled"), tmp_path)
    found: dict[str, Any] = await describe(served)
    assert found["schemas"]["input_schema"]["properties"] == {"n": {"title": "N", "type": "integer"}}
    assert found["schemas"]["state_schema"]["properties"].keys() == {"n"}
    assert {node["id"] for node in found["drawing"]["false"]["nodes"]} == {"__start__", "one", "__end__"}


async def test_a_state_that_json_schema_cannot_express_still_gives_a_graph(tmp_path: Path) -> None:
    odd = GRAPH.replace("n: int", "n: int\n    odd: object().__class__.__subclasshook__")
    served: ServedGraph = load_graph(spec(tmp_path, odd, "build"), tmp_path)
    assert (await describe(served))["drawing"]["false"]["nodes"]
