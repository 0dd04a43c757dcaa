"""The tables that hold what users wrote and what graphs made of it: which columns, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composable, Identifier, Literal
from psycopg.types.json import Jsonb

from holdfast_server.rotation.forms import (
    DOCUMENT,
    EVENT,
    ITEM,
    JSON,
    QUESTION,
    TEXT,
    WEBHOOK_RUN,
    Form,
)
from holdfast_server.sealing.sealer import Sealer
from holdfast_server.supervision.sealed import (
    CLEAR,
    opened_blob,
    opened_metadata,
    sealed_blob,
    sealed_metadata,
)

Changes = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table whose rows are sealed.

    Attributes:
        name: of the table.
        keys: its primary key.
        columns: the sealed columns by name.
        at_once: rows that one transaction takes.
    """

    name: str
    keys: tuple[str, ...]
    columns: Mapping[str, Form] = field(default_factory=dict)
    at_once: int = 200

    def shown(self) -> Composable:
        """The columns as a statement reads them."""
        return SQL(", ").join(SQL("{0}::text as {0}").format(Identifier(name)) for name in self.columns)

    def stale(self) -> Composable:
        """The condition under which a row is not sealed as it should be."""
        return SQL(" or ").join(_stale(name, form) for name, form in self.columns.items())

    def cast(self, name: str) -> Composable:
        """How a new value is written."""
        return SQL("::") + SQL(self.columns[name].cast)

    def again(self, sealer: Sealer, row: DictRow) -> Changes:
        """The new values of a row.

        Raises:
            SealBroken: one cannot be opened.
        """
        given = {name: form for name, form in self.columns.items() if row[name] is not None}
        return {name: form.again(sealer, row[name]) for name, form in given.items()}

    def beside(self, sealer: Sealer, row: DictRow) -> list[Changes]:
        """Values that move out of a row into blobs."""
        return []


class _BlobTable(Table):
    """Values of channels; their type says by which key they are sealed."""

    def shown(self) -> Composable:
        return SQL("type, blob")

    def stale(self) -> Composable:
        return SQL("substring(type from '^sealed:(.*)$') is distinct from %(key_id)s::text")

    def cast(self, name: str) -> Composable:
        return SQL("")

    def again(self, sealer: Sealer, row: DictRow) -> Changes:
        kind, blob = sealed_blob(sealer, *opened_blob(sealer, row["type"], row["blob"] or b""))
        return {"type": kind, "blob": blob}


class _CheckpointTable(Table):
    """Checkpoints: their metadata, and values that lie inside them since before sealing began."""

    def shown(self) -> Composable:
        return SQL("metadata, checkpoint, values_inside(checkpoints) as inside")

    def stale(self) -> Composable:
        return SQL(
            "sealed_by(jsonb_build_object('$sealed', metadata -> '$sealed')::text)"
            " is distinct from %(key_id)s::text and (metadata ? '$sealed' or metadata - {clear} <> '{{}}')"
            " or %(key_id)s::text is not null and values_inside(checkpoints) is not null"
        ).format(clear=Literal(sorted(CLEAR)))

    def cast(self, name: str) -> Composable:
        return SQL("")

    def again(self, sealer: Sealer, row: DictRow) -> Changes:
        metadata = sealed_metadata(sealer, opened_metadata(sealer, row["metadata"]))
        kept = row["checkpoint"]["channel_values"]
        if sealer.key_id is not None:
            kept = {name: value for name, value in kept.items() if name not in (row["inside"] or ())}
        return {
            "metadata": Jsonb(metadata),
            "checkpoint": Jsonb({**row["checkpoint"], "channel_values": kept}),
        }

    def beside(self, sealer: Sealer, row: DictRow) -> list[Changes]:
        if sealer.key_id is None:
            return []
        place = {name: row[name] for name in ("tenant", "thread_id", "checkpoint_ns")}
        values, versions = row["checkpoint"]["channel_values"], row["checkpoint"]["channel_versions"]
        moving = {name: JsonPlusSerializer().dumps_typed(values[name]) for name in row["inside"] or ()}
        sealed = {name: sealed_blob(sealer, *value) for name, value in moving.items()}
        return [
            {**place, "channel": name, "version": versions[name], "type": kind, "blob": blob}
            for name, (kind, blob) in sealed.items()
            if name in versions
        ]


def _stale(name: str, form: Form) -> Composable:
    column = Identifier(name)
    key_id, may_stay = SQL(form.key_id).format(c=column), SQL(form.may_stay).format(c=column)
    # Readable and to be so: null is null. Readable and to be sealed: unless it may stay.
    return SQL(
        "({c} is not null and {key_id} is distinct from %(key_id)s::text"
        " and ({key_id} is not null or not ({may_stay})))"
    ).format(c=column, key_id=key_id, may_stay=may_stay)


_POINT = ("thread_id", "checkpoint_ns")
TABLES: tuple[Table, ...] = (
    Table("thread", ("thread_id", "tenant"), {"values": JSON, "interrupts": JSON, "error": JSON}),
    Table(
        "run",
        ("run_id",),
        {"kwargs": JSON, "answers": JSON, "output": JSON, "error": JSON, "webhook": TEXT},
    ),
    Table("assistant", ("assistant_id", "tenant"), {"config": DOCUMENT, "context": DOCUMENT}),
    Table(
        "assistant_version", ("assistant_id", "version", "tenant"), {"config": DOCUMENT, "context": DOCUMENT}
    ),
    Table("cron", ("cron_id",), {"payload": JSON, "configurable": JSON}),
    Table("cron_firing", ("cron_id", "fire_time"), {"error": TEXT}),
    Table("webhook", ("webhook_id",), {"url": TEXT, "run": WEBHOOK_RUN, "values": JSON, "error": TEXT}),
    Table("graph", ("graph_id",), {"error": TEXT}),
    Table("effect", ("effect_key", "tenant"), {"result": TEXT}),
    Table("ask", ("ask_id",), {"question": QUESTION, "answer": TEXT, "error": JSON}),
    Table("store", ("prefix", "key"), {"value": ITEM}),
    _CheckpointTable("checkpoints", (*_POINT, "checkpoint_id", "tenant"), at_once=100),
    _BlobTable("checkpoint_blobs", (*_POINT, "channel", "version", "tenant"), at_once=50),
    _BlobTable("checkpoint_writes", (*_POINT, "checkpoint_id", "task_id", "idx", "tenant"), at_once=50),
    Table("event", ("event_id",), {"data": EVENT}),
)
