"""A run as clients know it, in answers and in webhooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from holdfast_server.runs.run import api_status


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A run as clients know it."""
    return {
        "run_id": row["run_id"],
        "thread_id": row["thread_id"],
        "assistant_id": row["assistant_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "metadata": row["metadata"],
        "status": api_status(row["state"]),
        # Not what its caller brought along: whoever reads a thread would learn it.
        "kwargs": {k: v for k, v in row["kwargs"].items() if k != "brought"},
        "multitask_strategy": row["strategy"],
        **({"error": row["error"]} if row["error"] else {}),
    }
