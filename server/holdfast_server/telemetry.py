"""Nobody is told what happens here unless the operator asks for it: tracing and usage reports are off."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping

# Whoever sets one of these has decided; the names of LangSmith, older ones included.
_TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
# Usage reports of packages that graphs bring along.
_REPORTS = {"DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def keep_quiet(asked: Mapping[str, str], environment: MutableMapping[str, str] = os.environ) -> None:
    """Switches off what nobody switched on, in the environment or in `asked`, the `env` of langgraph.json.

    A LangSmith key alone asks for nothing: people have it set for other things.
    """
    if not any(name in environment or name in asked for name in _TRACING):
        environment["LANGSMITH_TRACING"] = "false"
    for name, value in _REPORTS.items():
        if name not in asked:
            environment.setdefault(name, value)
