"""A checkpoint that somebody planted into the database names code to call: it is data, and stays data."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import ormsgpack
import psycopg
import pytest
from api.scene import Client
from langgraph_sdk.errors import InternalServerError

# LangGraph's extension types: a constructor with one, several or named arguments, a method, pydantic models.
ONE, SEVERAL, NAMED, METHOD, PYDANTIC_1, PYDANTIC_2 = range(6)


def planted(kind: int | str, file: Path) -> tuple[str, bytes]:
    """A stored value that creates the file when it is believed."""
    command = f"touch {file}"
    if kind == "json":
        named = {"lc": 2, "type": "constructor", "id": ["os", "system"], "args": [command]}
        return "json", json.dumps(named).encode()
    if kind == "pickle":
        return "pickle", f"cposix\nsystem\n(S'{command}'\ntR.".encode()
    what: Any = {
        ONE: ("os", "system", command),
        SEVERAL: ("os", "system", [command]),
        NAMED: ("subprocess", "run", {"args": command, "shell": True}),
        METHOD: ("os", "system", command, "__call__"),
        PYDANTIC_1: ("subprocess", "run", {"args": command, "shell": True}),
        PYDANTIC_2: ("subprocess", "run", {"args": command, "shell": True}),
    }[int(kind)]
    return "msgpack", ormsgpack.packb(ormsgpack.Ext(int(kind), ormsgpack.packb(what)))


@pytest.mark.parametrize("kind", [ONE, SEVERAL, NAMED, METHOD, PYDANTIC_1, PYDANTIC_2, "json", "pickle"])
async def test_what_a_planted_value_names_is_not_called(
    client: Client, thread_id: str, stack_database: str, tmp_path: Path, kind: int | str
) -> None:
    file = tmp_path / "owned"
    await client.runs.wait(thread_id, "poison", input={"kind": "bytes"})
    kind_of_value, value = planted(kind, file)
    with psycopg.connect(stack_database) as conn:
        changed = conn.execute(
            "update holdfast.checkpoint_blobs set type = %s, blob = %s"
            " where thread_id = %s and channel = 'value'",
            [kind_of_value, value, thread_id],
        )
        assert changed.rowcount
    looks = (
        client.threads.get_state(thread_id),
        client.threads.get_history(thread_id),
        client.runs.wait(thread_id, "poison", input={"kind": "cure", "value": "fine"}, raise_error=False),
    )
    for look in looks:
        # Pickle is refused as a whole; the others are read.
        with contextlib.suppress(InternalServerError) if kind == "pickle" else contextlib.nullcontext():
            await look
    assert not file.exists()
