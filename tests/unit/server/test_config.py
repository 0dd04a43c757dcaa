"""langgraph.json as the LangGraph CLI reads it, and sentences for what it cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast_server.config.app import AppConfig, GraphSpec, read_config
from holdfast_server.errors import ConfigError


def config_of(folder: Path, **keys: Any) -> AppConfig:
    path = folder / "langgraph.json"
    path.write_text(json.dumps({"graphs": {"g": "./g.py:graph"}} | keys))
    return read_config(path)


def test_a_graph_is_a_file_or_a_module_with_a_name(tmp_path: Path) -> None:
    graphs = {
        "file": "./a/g.py:graph",
        "module": "pkg.mod:make",
        "told": {"path": "./b.py:g", "description": "d"},
    }
    assert config_of(tmp_path, graphs=graphs).graphs == (
        GraphSpec("file", "./a/g.py", "graph"),
        GraphSpec("module", "pkg.mod", "make"),
        GraphSpec("told", "./b.py", "g", "d"),
    )


def test_local_dependencies_and_the_folder_itself_are_importable(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    found = config_of(tmp_path, dependencies=[".", "./lib", "langchain_openai"])
    assert found.import_paths == (tmp_path, tmp_path / "lib", tmp_path)


def test_the_environment_is_an_object_or_a_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n# no\nB='two words'\nEMPTY\n")
    assert config_of(tmp_path, env=".env").env == {"A": "1", "B": "two words"}
    assert config_of(tmp_path, env={"A": 1}).env == {"A": "1"}


def test_keys_that_holdfast_does_not_use_are_told(tmp_path: Path) -> None:
    http, auth = {"cors": {"origins": []}, "x": 1}, {"path": "./a.py:a", "y": 1}
    found = config_of(tmp_path, surprise={}, python_version="3.12", http=http, auth=auth)
    assert found.unknown_keys == ("surprise", "http.x", "http.cors.origins", "auth.y")


def test_keys_of_memory_that_holdfast_does_not_use_are_told(tmp_path: Path) -> None:
    store = {"path": "./s.py:make", "ttl": {"sweep_limit": 1}}
    found = config_of(tmp_path, store=store, checkpointer={"serde": {}}, python_version="3.12", ui={})
    assert found.unknown_keys == ("ui", "store.path", "store.ttl.sweep_limit", "checkpointer.serde")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"graphs": {}}, "names no graphs"),
        ({"graphs": []}, "names no graphs"),
        ({"graphs": {"g": "./g.py"}}, "graph 'g' is './g.py'; write it as"),
        ({"graphs": {"g": 5}}, "graph 'g' is 5"),
        ({"graphs": {"g": {"description": "no path"}}}, "graph 'g' is"),
        ({"dependencies": "."}, '"dependencies" is'),
        ({"dependencies": ["./gone"]}, "gone, which is no folder"),
        ({"env": "./gone.env"}, "gone.env, which does not exist"),
        ({"env": 5}, '"env" is 5'),
    ],
)
def test_a_wrong_file_is_refused_with_what_to_mend(
    tmp_path: Path, keys: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        config_of(tmp_path, **keys)
    assert sentence in str(refused.value)
    assert str(tmp_path) in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"), [(None, "does not exist"), ("{", "cannot be read"), ("[]", "no graphs")]
)
def test_a_missing_or_garbled_file_is_named(tmp_path: Path, text: str | None, sentence: str) -> None:
    path = tmp_path / "langgraph.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=sentence):
        read_config(path)
