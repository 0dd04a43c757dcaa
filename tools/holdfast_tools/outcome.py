"""How a call ended, and what a person may say about one whose end nobody saw."""

from dataclasses import dataclass

from holdfast_tools.decision import Question


@dataclass(frozen=True)
class Finished:
    """The call is done. `artifact` is kept from the model; a replay from the ledger has none."""

    content: str
    artifact: object | None = None


@dataclass(frozen=True)
class Failed:
    """The call is over and did not work; `reason` is for the model."""

    reason: str


@dataclass(frozen=True)
class UnknownOutcome:
    """The call was started `attempts` times and nobody knows how the last one ended: ask a person."""

    question: Question
    attempts: int = 1


Outcome = Finished | Failed | UnknownOutcome


@dataclass(frozen=True)
class Retry:
    """A person says: it did not happen, start it again."""


@dataclass(frozen=True)
class MarkDone:
    """A person says: it did happen, and this is the result."""

    result: str


@dataclass(frozen=True)
class GiveUp:
    """A person says: it failed, and this is why."""

    reason: str


Resolution = Retry | MarkDone | GiveUp
