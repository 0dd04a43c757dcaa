"""The forms in which columns hold what is sealed: how a statement sees it, and how it is sealed anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import LiteralString

from holdfast_server import wire
from holdfast_server.memory.sealed import opened_item
from holdfast_server.sealing.end_event import opened_end
from holdfast_server.sealing.sealer import MARK, Place, Sealer


@dataclass(frozen=True)
class Form:
    """One form; in its expressions `{c}` stands for the column.

    Attributes:
        again: makes the new value of the old one, both as text.
        cast: the type of the column.
        key_id: the key it is sealed with; null when it is readable.
        may_stay: whether a readable value stays readable.
    """

    again: Callable[[Sealer, str], str | None]
    cast: LiteralString
    key_id: LiteralString = "sealed_by({c}::text)"
    may_stay: LiteralString = "says_nothing({c}::text)"


def _text(sealer: Sealer, text: str) -> str | None:
    return sealer.seal_text(sealer.open_value(text))


def _document(sealer: Sealer, text: str) -> str | None:
    return sealer.seal_text(wire.dumps_text(sealer.open_value(wire.loads(text))))


def _event(sealer: Sealer, text: str) -> str | None:
    return sealer.seal_text(opened_end(sealer.open_value(text)))


def _item(sealer: Sealer, text: str) -> str:
    opened = wire.dumps(opened_item(sealer, wire.loads(text)))
    if sealer.key_id is None:
        return opened.decode()
    return wire.dumps_text({MARK: sealer.token(opened, Place.ITEM)})


def _webhook_run(sealer: Sealer, text: str) -> str:
    run = wire.loads(text)
    for name in ("kwargs", "error"):
        sealed = sealer.seal_text(wire.dumps_text(sealer.open_value(run[name])))
        run[name] = wire.loads(sealed or "null")
    return wire.dumps_text(run)


TEXT = Form(_text, "text")
JSON = Form(_text, "json")
DOCUMENT = Form(_document, "jsonb")
ITEM = Form(_item, "jsonb", may_stay="false")
# What PostgreSQL itself asks and tells stays readable; only the end of a run can hold somebody's words.
QUESTION = Form(_text, "json", may_stay="verb = 'show'")
EVENT = Form(
    _event,
    "text",
    "event_sealed_by(name, {c})",
    "says_nothing({c}) or name = 'metadata' or (name = 'end' and position('\"error\"' in {c}) = 0)",
)
WEBHOOK_RUN = Form(_webhook_run, "json", "webhook_sealed_by({c}::text, %(key_id)s)", "false")
