"""The sections `store` and `checkpointer` of langgraph.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holdfast_server.config.checkpointer import CheckpointerConfig, read_checkpointer
from holdfast_server.config.store import IndexSpec, StoreConfig, read_store
from holdfast_server.errors import ConfigError

FILE = Path("langgraph.json")


def test_nothing_said_is_no_index_and_no_end() -> None:
    assert read_store(FILE, None) == read_store(FILE, {}) == StoreConfig()
    assert read_checkpointer(FILE, None) == read_checkpointer(FILE, {}) == CheckpointerConfig()


def test_everything_that_can_be_said_is_read() -> None:
    store = {
        "index": {"dims": 1536, "embed": "openai:text-embedding-3-small", "fields": ["text", "notes[*]"]},
        "ttl": {"refresh_on_read": False, "default_ttl": 60, "sweep_interval_minutes": 0.5},
    }
    assert read_store(FILE, store) == StoreConfig(
        index=IndexSpec(1536, "openai:text-embedding-3-small", ("text", "notes[*]")),
        default_ttl=60.0,
        refresh_on_read=False,
        sweep_interval=0.5,
    )
    ttl = {"strategy": "keep_latest", "default_ttl": 43200, "sweep_interval_minutes": 10, "sweep_limit": 7}
    assert read_checkpointer(FILE, {"ttl": ttl}) == CheckpointerConfig("keep_latest", 43200.0, 10.0, 7)


@pytest.mark.parametrize(
    ("store", "sentence"),
    [
        ([], '"store" is'),
        ({"index": 5}, '"store.index" is 5; it must be an object'),
        ({"index": {}}, '"store.index.dims" is None; it must be the number of dimensions'),
        ({"index": {"dims": True, "embed": "a:b"}}, '"store.index.dims" is True; it must be a whole number'),
        ({"index": {"dims": 8}}, '"store.index.embed" is None; it must be "provider:model"'),
        ({"index": {"dims": 8, "embed": "model"}}, '"store.index.embed" is'),
        ({"index": {"dims": 8, "embed": "a:b", "fields": "x"}}, '"store.index.fields" is'),
        ({"ttl": {"default_ttl": -1}}, '"store.ttl.default_ttl" is -1; it must be a number of minutes'),
        ({"ttl": {"refresh_on_read": "no"}}, "\"store.ttl.refresh_on_read\" is 'no'; it must be true or"),
    ],
)
def test_a_wrong_store_names_key_and_mend(store: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read_store(FILE, store)
    assert sentence in str(wrong.value)


@pytest.mark.parametrize(
    ("ttl", "sentence"),
    [
        ({"strategy": "burn"}, '"checkpointer.ttl.strategy" is \'burn\'; it must be "delete" or'),
        ({"sweep_limit": 0}, '"checkpointer.ttl.sweep_limit" is 0; it must be a whole number'),
        ({"sweep_interval_minutes": True}, '"checkpointer.ttl.sweep_interval_minutes" is True'),
    ],
)
def test_a_wrong_lifetime_names_key_and_mend(ttl: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        read_checkpointer(FILE, {"ttl": ttl})
    assert sentence in str(wrong.value)
