"""The human interrupt: one call waits for one person, and their answer becomes a decision or a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_never

from langchain_core.messages import ToolMessage
from langgraph.types import Send, interrupt
from pydantic import JsonValue
from typing_extensions import TypedDict

from holdfast_graphs.answer import Answer, Approve, Edit, Reject, Respond, Unreadable, read_answer
from holdfast_graphs.calls import failure, success
from holdfast_graphs.state import DecisionRecord, Verdict
from holdfast_tools import Gateway, ToolCall
from holdfast_tools.decision import Question

DECISIONS = ("approve", "edit", "reject", "respond")


class HeldCall(TypedDict):
    """A call on its way to a person, and why it waits."""

    id: str
    name: str
    args: dict[str, JsonValue]
    reason: str
    roles: list[str]
    expires_seconds: float | None


class Answered(TypedDict, total=False):
    """What an answer adds to the state: always a decision, and a message when the call will not run."""

    messages: list[ToolMessage]
    decisions: dict[str, DecisionRecord]


def sent_to_person(question: Question) -> Send:
    """Send one held call to a task of its own."""
    held = HeldCall(
        id=question.call_id,
        name=question.tool,
        args=dict(question.args),
        reason=question.reason,
        roles=list(question.roles),
        expires_seconds=question.expires.total_seconds() if question.expires else None,
    )
    return Send("human_interrupt", held)


@dataclass(frozen=True)
class HumanInterrupt:
    """The interrupt's node: it asks until the answer can be read, and never fails a run over a bad one."""

    gateway: Gateway

    async def __call__(self, state: HeldCall) -> Answered:
        call = ToolCall(state["id"], state["name"], state["args"])
        schema = _response_schema(call.name, self.gateway.schema(call.name))
        answer = _asked(state, problem=None, schema=schema)
        while isinstance(answer, Unreadable):
            answer = _asked(state, problem=answer.reason, schema=schema)
        return _answered(call, answer)


def _asked(held: HeldCall, *, problem: str | None, schema: dict[str, Any]) -> Answer:
    said = f" Your last answer was not understood: {problem}." if problem else ""
    payload = {
        "type": "tool_approval",
        "tool_call_id": held["id"],
        "name": held["name"],
        "args": held["args"],
        "description": held["reason"] + said,
        "allowed_decisions": list(DECISIONS),
        "roles": held["roles"],
        "expires_seconds": held["expires_seconds"],
        **_as_inboxes_read(held),
    }
    # As a dict the schema is shown and not enforced: the other answer shapes stay possible.
    return read_answer(interrupt(payload, response_schema=schema), tool=held["name"])


def _as_inboxes_read(held: HeldCall) -> dict[str, Any]:
    """The question once more, as Agent Chat UI and Agent Inbox know one that they show buttons for.

    Source: LangChain's human-in-the-loop middleware (`action_requests`, `review_configs`), and
    `langgraph.prebuilt.interrupt.HumanInterrupt` (`action_request`, `config`).
    """
    name, args = held["name"], held["args"]
    allowed = ("allow_accept", "allow_edit", "allow_respond", "allow_ignore")
    return {
        "action_requests": [{"name": name, "args": args, "description": held["reason"]}],
        "review_configs": [{"action_name": name, "allowed_decisions": list(DECISIONS)}],
        "action_request": {"action": name, "args": args},
        "config": dict.fromkeys(allowed, True),
    }


def _answered(call: ToolCall, answer: Approve | Edit | Reject | Respond) -> Answered:
    match answer:
        case Approve(by, reason):
            return _decided(call, "approve", by=by, reason=reason)
        case Edit(args, by, reason):
            edited = ToolCall(call.id, call.name, args)
            return _decided(edited, "edit", by=by, reason=reason, args=args)
        case Reject(by, reason):
            why = f": {reason}" if reason else ""
            text = f"A person rejected this call of {call.name}{why}. Do not repeat it."
            return {**_decided(call, "reject", by=by, reason=reason), "messages": [failure(call, text)]}
        case Respond(text, by):
            return {**_decided(call, "respond", by=by, reason=text), "messages": [success(call, text)]}
        case unreachable:
            assert_never(unreachable)


def _decided(
    call: ToolCall,
    verdict: Verdict,
    *,
    by: str | None,
    reason: str,
    args: dict[str, JsonValue] | None = None,
) -> Answered:
    record = DecisionRecord(
        verdict=verdict,
        fingerprint=call.fingerprint,
        by=by,
        at=datetime.now(UTC).isoformat(),
        reason=reason,
    )
    if args is not None:
        record["args"] = args
    return {"decisions": {call.id: record}}


def _response_schema(tool: str, args: Mapping[str, JsonValue]) -> dict[str, Any]:
    """LangChain's per-call decision as JSON Schema, with the tool's own arguments for an edit."""
    own_args = {key: part for key, part in args.items() if key not in ("$schema", "$defs")}
    action = _object(name={"const": tool}, args=own_args)
    text = {"type": "string"}
    schema: dict[str, Any] = {
        "anyOf": [
            _object(type={"const": "approve"}),
            _object(type={"const": "edit"}, edited_action=action),
            {
                **_object(type={"const": "reject"}),
                "properties": {"type": {"const": "reject"}, "message": text},
            },
            _object(type={"const": "respond"}, message=text),
        ]
    }
    return {**schema, "$defs": args["$defs"]} if "$defs" in args else schema


def _object(**properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}
