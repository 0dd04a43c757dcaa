"""Which variables langgraph.json mentions by name, as in `secret:NAME` or `${{ env.NAME }}`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from holdfast_server.config.app import AppConfig

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def mentioned(config: AppConfig, names: Iterable[str]) -> frozenset[str]:
    """Those of the names that stand in the file, or in a file that an `env` in it names."""
    words = {word for text in _texts(config) for word in _WORD.findall(text)}
    return frozenset(words & set(names))


def _texts(config: AppConfig) -> Iterator[str]:
    text = config.path.read_text(encoding="utf-8")
    yield text
    for env in [json.loads(text).get("env"), *(pool.env for pool in config.house.workers.pools)]:
        if isinstance(env, str):
            with suppress(OSError, ValueError):
                yield (config.folder / env).read_text(encoding="utf-8")
