"""The section `holdfast.workers`: pools, what they are given, what they may take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast_server.config.app import AppConfig, read_config
from holdfast_server.config.workers import Limits
from holdfast_server.errors import ConfigError

GRAPHS = {"a": "./a.py:graph", "b": "./b.py:graph", "c": "./c.py:graph"}


def config_of(folder: Path, workers: Any, **keys: Any) -> AppConfig:
    path = folder / "langgraph.json"
    path.write_text(json.dumps({"graphs": GRAPHS, "holdfast": {"workers": workers}} | keys))
    return read_config(path)


def graphs_of(config: AppConfig) -> dict[str, list[str]]:
    return {pool.name: [spec.graph_id for spec in config.of_pool(pool).graphs] for pool in config.pools}


def test_without_the_section_one_pool_serves_everything(tmp_path: Path) -> None:
    config = config_of(tmp_path, {})
    assert graphs_of(config) == {"default": ["a", "b", "c"]}
    assert config.pool("default").limits == Limits()


def test_the_default_pool_serves_what_no_other_has(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"pools": {"finance": {"graphs": ["b"]}, "default": {"nice": 5}}})
    assert graphs_of(config) == {"default": ["a", "c"], "finance": ["b"]}
    assert config.pool("default").limits.nice == 5


def test_what_stands_beside_the_pools_holds_for_each_of_them(tmp_path: Path) -> None:
    everywhere = {"pass_env": ["X"], "memory": "2GB", "max_runs": 9, "cpus": 2}
    config = config_of(
        tmp_path, everywhere | {"pools": {"finance": {"graphs": ["b"], "pass_env": ["Y"], "memory": "1GiB"}}}
    )
    finance, default = config.pool("finance"), config.pool("default")
    assert (finance.pass_env, default.pass_env) == (("X", "Y"), ("X",))
    assert finance.limits == Limits(memory=2**30, max_runs=9, cpus=2)
    assert default.limits.memory == 2_000_000_000


def test_the_env_of_a_pool_is_on_top_of_everybodys(tmp_path: Path) -> None:
    (tmp_path / "finance.env").write_text("KEY=finance\n")
    pools = {"finance": {"graphs": ["b"], "env": "finance.env"}}
    config = config_of(tmp_path, {"pools": pools}, env={"KEY": "all", "OTHER": "1"})
    assert config.of_pool(config.pool("finance")).env == {"KEY": "finance", "OTHER": "1"}
    assert config.of_pool(config.pool("default")).env == {"KEY": "all", "OTHER": "1"}


def test_a_default_pool_without_graphs_is_none(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"pools": {"all": {"graphs": ["a", "b", "c"]}}})
    assert [pool.name for pool in config.pools] == ["all"]
    with pytest.raises(ConfigError, match=r"every graph is in another worker pool than 'default'.*--pool"):
        config.pool("default")


def test_an_unknown_pool_is_named_with_those_that_exist(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"pools": {"finance": {"graphs": ["a"]}}})
    with pytest.raises(ConfigError, match=r"no worker pool 'finanze'.*default, finance"):
        config.pool("finanze")


def test_unknown_keys_are_named_in_full(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"memroy": 1, "pools": {"p": {"graphs": ["a"], "cpu": 1}}})
    assert config.unknown_keys == ("holdfast.workers.memroy", "holdfast.workers.pools.p.cpu")


@pytest.mark.parametrize(
    ("workers", "words"),
    [
        ([], "must be an object"),
        ({"pools": []}, 'workers.pools" is .*must be an object'),
        ({"pools": {"p": 1}}, 'pools.p" is 1; it must be an object'),
        ({"pools": {"p": {}}}, "pools.p.graphs.* must name the graphs"),
        ({"pools": {"p": {"graphs": []}}}, "pools.p.graphs.* must name the graphs"),
        ({"pools": {"p": {"graphs": "a"}}}, "must be a list of texts"),
        ({"pools": {"p": {"graphs": ["z"]}}}, "names 'z', which is not under \"graphs\"; it has a, b, c"),
        ({"pools": {"p": {"graphs": ["a"]}, "q": {"graphs": ["a"]}}}, "'a', which pool 'p' has already"),
        ({"pools": {"default": {"graphs": ["a"]}}}, "the default pool serves what no other pool has"),
        ({"pools": {"a b": {"graphs": ["a"]}}}, "a name that is not made of letters"),
        ({"pools": {"p": {"graphs": ["a"], "env": 1}}}, 'pools.p.env" is 1; it must be a file name or'),
        ({"pools": {"p": {"graphs": ["a"], "env": "gone"}}}, 'pools.p.env" names .*does not exist'),
        ({"pass_env": ["DATABASE_URL"]}, "may not name DATABASE_URL"),
        ({"pass_env": ["HOLDFAST_*"]}, r"may not name HOLDFAST_\*"),
        ({"pass_env": ["A=B"]}, "must name variables"),
        ({"memory": "lots"}, "must be bytes or a size"),
        ({"memory": "1KB"}, "of at least 1MB"),
        ({"memory": True}, "must be bytes or a size"),
        ({"memory": "9" * 400 + "TB"}, "must be bytes or a size"),
        ({"memory": 10**30}, "must be bytes or a size"),
        ({"cpus": 0}, "at least 1"),
        ({"cpus": []}, "must be how many processors"),
        ({"cpus": [-1]}, "must be how many processors"),
        ({"nice": 20}, "from 0 to 19"),
        ({"open_files": 3}, "at least 256"),
        ({"max_runs": 0}, "at least 1"),
        ({"processes": 65}, "from 1 to 64"),
        ({"debuggable": "no"}, "true or false"),
    ],
)
def test_what_cannot_be_used_is_said_with_its_key(tmp_path: Path, workers: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config_of(tmp_path, workers)
