"""A person's answer to an interrupt, read from any of the shapes that clients send.

Understood, for one call: LangChain's per-call decision, its batched `{"decisions": […]}` with one element,
Agent Inbox's `[{"type": …, "args": …}]` with one element, True and False, and a bare word.
"""

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from holdfast_tools.checks import faults
from holdfast_tools.outcome import GiveUp, MarkDone, Retry
from holdfast_tools.result import clean, excerpt


@dataclass(frozen=True)
class Approve:
    """Run the call as it stands."""

    by: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Edit:
    """Run the call with these arguments instead."""

    args: dict[str, JsonValue]
    by: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Reject:
    """Do not run the call."""

    by: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Respond:
    """Do not run the call; `text` is its result."""

    text: str
    by: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """Nobody can say what was meant; `reason` tells the person what to send instead."""

    reason: str


Answer = Approve | Edit | Reject | Respond | Unreadable

_WORDS = {
    "approve": "approve",
    "accept": "approve",
    "edit": "edit",
    "reject": "reject",
    "ignore": "reject",
    "respond": "respond",
    "response": "respond",
}
_EXPECTED = 'send {"type": "approve"}, "edit" with "args", "reject", or "respond" with "message"'
_MAX_WRAPPINGS = 3


def read_answer(raw: object, *, tool: str) -> Answer:
    """What a person said about a call of `tool`. An edit may change the arguments, never the tool."""
    fields = _decision_in(raw)
    by, message = _text(fields, "by"), _message(fields)
    match _WORDS.get(_word(fields)):
        case "approve":
            return Approve(by, message or "")
        case "reject":
            return Reject(by, message or "")
        case "respond" if message is not None:
            return Respond(message, by)
        case "respond":
            return Unreadable('a "respond" needs its text: send {"type": "respond", "message": "…"}')
        case "edit":
            return _edit(fields, tool=tool, by=by, reason=message or "")
        case _:
            return Unreadable(f"{_shown(raw)} is no answer; {_EXPECTED}")


def read_resolution(raw: object) -> Retry | MarkDone | GiveUp | Unreadable:
    """What a person said about a call whose end nobody saw: retry, done (with a `result`) or fail."""
    fields = _decision_in(raw)
    word, message = _word(fields), _message(fields)
    if word in ("respond", "response") and message is not None:
        word, message = message.strip().lower(), None
    match word:
        case "retry":
            return Retry()
        case "done":
            return MarkDone(_text(fields, "result") or message or "A person confirmed that it was done.")
        case "fail":
            return GiveUp(message or "A person confirmed that it failed.")
        case _:
            return Unreadable(f'{_shown(raw)} is no answer; send {{"type": "retry"}}, "done" or "fail"')


def _decision_in(raw: object) -> Mapping[str, object]:
    """The one decision inside `raw`, whatever it is wrapped in; empty when there is not exactly one."""
    by: object = None
    for _ in range(_MAX_WRAPPINGS):
        match raw:
            case bool():
                return {"type": "approve" if raw else "reject", "by": by}
            case str():
                return {"type": raw, "by": by}
            case [only]:
                raw = only
            case {"decisions": [only], **rest}:
                raw, by = only, rest.get("by")
            case {"type": word, **rest}:
                return {"by": by, **{str(name): value for name, value in rest.items()}, "type": word}
            case _:
                return {}
    return {}


def _edit(fields: Mapping[str, object], *, tool: str, by: str | None, reason: str) -> Answer:
    match fields.get("edited_action", fields.get("args")):
        case {"name": str(name), "args": dict(args)} if "edited_action" in fields:
            pass
        case {"action": str(name), "args": dict(args), **rest} if not rest:
            pass
        case dict(args) if "edited_action" not in fields:
            name = tool
        case _:
            return Unreadable('an "edit" needs its arguments: send {"type": "edit", "args": {…}}')
    if name != tool:
        said = excerpt(name, 80)
        return Unreadable(
            f"an edit cannot turn {tool} into {said}; reject the call and say what to do instead"
        )
    fault = next(faults(args), None)
    return Unreadable(f"the edited arguments are wrong: {fault}") if fault else Edit(args, by, reason)


def _word(fields: Mapping[str, object]) -> str:
    return (_text(fields, "type") or "").strip().lower()


def _message(fields: Mapping[str, object]) -> str | None:
    """The person's text; Agent Inbox calls it `args`."""
    return _text(fields, "message") or _text(fields, "reason") or _text(fields, "args")


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    return clean(value) if isinstance(value, str) else None


def _shown(raw: object) -> str:
    return excerpt(reprlib.repr(raw), 160)
