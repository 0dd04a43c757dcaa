"""What an agent remembers between two steps. Plain values only, so that every checkpointer can keep them."""

from collections.abc import Mapping
from typing import Annotated, Literal, NotRequired

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from pydantic import JsonValue
from typing_extensions import TypedDict

Verdict = Literal["approve", "edit", "reject", "respond"]


class DecisionRecord(TypedDict):
    """What a person said about one call.

    `fingerprint` is that of the call that may run; `args` are those of an edit. `used` is set once
    the call was sent to run: an approval counts for one start.
    """

    verdict: Verdict
    fingerprint: str
    by: str | None
    at: str
    reason: str
    args: NotRequired[dict[str, JsonValue]]
    used: NotRequired[bool]


Decisions = Mapping[str, DecisionRecord]


def merge_decisions(left: Decisions | None, right: Decisions | None) -> dict[str, DecisionRecord]:
    """Both, by call id; the newer record of one call wins. Parallel interrupts write different calls."""
    return {**(left or {}), **(right or {})}


class AgentInput(TypedDict):
    """What a caller may send: messages. Decisions come from interrupts alone, so none can be forged here."""

    messages: Annotated[list[AnyMessage], add_messages]


class AgentState(AgentInput):
    """The state of a supervised agent. `steps` counts the calls to the model in this turn."""

    steps: NotRequired[int]
    decisions: NotRequired[Annotated[dict[str, DecisionRecord], merge_decisions]]
