"""The validator: settles every unanswered call to allow, deny or hold, and runs none of them."""

from dataclasses import dataclass, field
from typing import Literal, assert_never

from langchain_core.messages import AnyMessage
from langgraph.types import Command, Send

from holdfast_graphs.calls import Pending, broken_json, failure, pending, with_args
from holdfast_graphs.human_interrupt import sent_to_person
from holdfast_graphs.state import AgentState, DecisionRecord, Decisions
from holdfast_graphs.tool_runner import sent_to_runner
from holdfast_tools import Allow, Deny, Gateway, Hold, ToolCall

Route = Command[Literal["planner", "tool_runner", "human_interrupt"]]


@dataclass(frozen=True)
class Validator:
    """The validator's node: a Send for each call that runs or waits, an error for each that does neither."""

    gateway: Gateway

    async def __call__(self, state: AgentState) -> Route:
        waiting = pending(state["messages"])
        if waiting is None:
            return Command(goto="planner")
        settlement = _Settlement(self.gateway, state.get("decisions", {}))
        settlement.rewrite_edited(waiting)
        settlement.answer_broken(waiting)
        for call in waiting.calls:
            settlement.settle(settlement.as_edited(call))
        return settlement.route()


@dataclass
class _Settlement:
    """What becomes of the calls of one message."""

    gateway: Gateway
    decisions: Decisions
    messages: list[AnyMessage] = field(default_factory=list)
    used: dict[str, DecisionRecord] = field(default_factory=dict)
    sends: list[Send] = field(default_factory=list)

    def rewrite_edited(self, waiting: Pending) -> None:
        """Show the model the arguments that a person put in place of its own.

        Edits are applied here, by one task, because parallel interrupts rewriting one message would lose all
        but the last edit.
        """
        edits = {c.id: c.args for c in map(self.as_edited, waiting.calls) if c not in waiting.calls}
        if edits:
            self.messages.append(with_args(waiting.message, edits))

    def answer_broken(self, waiting: Pending) -> None:
        self.messages += [broken_json(call) for call in waiting.broken]

    def as_edited(self, call: ToolCall) -> ToolCall:
        record = self.decisions.get(call.id)
        return ToolCall(call.id, call.name, record["args"]) if record and "args" in record else call

    def settle(self, call: ToolCall) -> None:
        record = self._unused_approval(call)
        match self.gateway.check(call, approved_fingerprint=record["fingerprint"] if record else None):
            case Allow():
                self.sends.append(sent_to_runner(call))
                if record:
                    self.used[call.id] = {**record, "used": True}
            case Deny(reason):
                self.messages.append(failure(call, reason))
            case Hold(question):
                self.sends.append(sent_to_person(question))
            case unreachable:
                assert_never(unreachable)

    def route(self) -> Route:
        """Go where the calls go; when every one is answered already, back to the planner."""
        return Command(
            update={"messages": self.messages, "decisions": self.used},
            goto=self.sends or "planner",
        )

    def _unused_approval(self, call: ToolCall) -> DecisionRecord | None:
        record = self.decisions.get(call.id)
        if record is None or record.get("used") or record["verdict"] not in ("approve", "edit"):
            return None
        return record
