"""What a check makes of a call: allow it, deny it, or hold it for a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import JsonValue

from holdfast_tools.call import ToolCall
from holdfast_tools.policy import Approval


@dataclass(frozen=True)
class Question:
    """What a person is asked about one call. An answer counts only for this `fingerprint`.

    `roles` may answer, any role when empty; after `expires` nobody may, and None means that it never does.
    """

    call_id: str
    tool: str
    args: Mapping[str, JsonValue]
    reason: str
    roles: tuple[str, ...]
    fingerprint: str
    expires: timedelta | None = None


@dataclass(frozen=True)
class Allow:
    """Run it."""


@dataclass(frozen=True)
class Deny:
    """Do not run it; `reason` tells the model what to do instead."""

    reason: str


@dataclass(frozen=True)
class Hold:
    """Wait for a person's answer to `question`."""

    question: Question


Decision = Allow | Deny | Hold


def ask(call: ToolCall, *, reason: str, approval: Approval | None = None) -> Question:
    """The question about `call`, addressed to the roles that its approval rule names."""
    rule = approval or Approval()
    return Question(call.id, call.name, call.args, reason, rule.roles, call.fingerprint, rule.expires)
