"""What a scripted model can answer, faults included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One tool call, as a model makes it; `id` is "" until the endpoint has given it one."""

    name: str
    arguments: Mapping[str, object] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """A final answer in words."""

    text: str


@dataclass(frozen=True, slots=True)
class CallTools:
    """One or more tool calls in parallel, with optional words in front of them."""

    calls: Sequence[ToolCall]
    text: str = ""


@dataclass(frozen=True, slots=True)
class BrokenJson:
    """A tool call whose arguments are not JSON, as small models and cut-off answers produce them.

    Mind that LangChain completes arguments that are merely cut off when they are streamed: `{"amount": 12`
    becomes a valid call with the amount 12.
    """

    name: str
    arguments: str = '{"amount": , }'


@dataclass(frozen=True, slots=True)
class Fault:
    """An HTTP error; `retry_after` is in seconds and may be a fraction."""

    status: int
    message: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Hang:
    """Silence for so many seconds, then the next reply, if the client is still there."""

    seconds: float
    then: "Say | CallTools | BrokenJson | Fault" = Say("Sorry for the wait.")


Answer = Say | CallTools | BrokenJson
Reply = Answer | Fault | Hang
