"""The account: what became of each invoice, read from the system when everything is over."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from langgraph_sdk.client import SyncLangGraphClient
from langgraph_sdk.schema import ThreadState
from outcome import Message, last_outcome
from review import Review


@dataclass(frozen=True)
class Effect:
    """One row of the effect ledger."""

    tool: str
    kind: str
    state: str
    attempts: int


@dataclass(frozen=True)
class Decision:
    """What a person said about one call."""

    verdict: str
    by: str


@dataclass(frozen=True)
class Settled:
    """One invoice, after the fact."""

    invoice_id: str
    status: str
    """Of the thread: `idle` when all is done."""
    outcome: str
    supersteps: int
    tool_calls: int
    corrected: int
    """Tool calls that the validator sent back to the model."""
    tokens: int
    attempts: int
    """The most that one of its runs needed."""
    decisions: Sequence[Decision]
    effects: Sequence[Effect]


def settled(reviews: Sequence[Review], client: SyncLangGraphClient) -> list[Settled]:
    """Ask the API about every thread."""
    return [_settled(client, review) for review in reviews]


def _settled(client: SyncLangGraphClient, review: Review) -> Settled:
    thread = client.threads.get(review.thread_id)
    history = client.threads.get_history(review.thread_id, limit=1000)[::-1]
    effects: list[dict[str, Any]] = client.http.get(f"/holdfast/threads/{review.thread_id}/effects")
    values: Mapping[str, Any] = history[-1]["values"] if isinstance(history[-1]["values"], dict) else {}
    messages: Sequence[Message] = values.get("messages", [])
    decisions = [Decision(d["verdict"], d["by"] or "unnamed") for d in values.get("decisions", {}).values()]
    return Settled(
        invoice_id=review.invoice_id,
        status=thread["status"],
        outcome=_outcome(messages, decisions),
        supersteps=_figure(history[-1], "step"),
        tool_calls=sum(len(message.get("tool_calls") or []) for message in messages),
        corrected=sum(1 for _ in _corrections(history)),
        tokens=sum((message.get("usage_metadata") or {}).get("total_tokens", 0) for message in messages),
        attempts=max(_figure(state, "run_attempt") for state in history),
        decisions=decisions,
        effects=[Effect(e["tool"], e["kind"], e["state"], e["attempts"]) for e in effects],
    )


def _corrections(history: Sequence[ThreadState]) -> Iterator[Message]:
    """The errors that were added by supersteps of the validator, which runs no tool."""
    for before, after in pairwise(history):
        if "validator" in before["next"]:
            yield from (m for m in _messages(after)[len(_messages(before)) :] if m.get("status") == "error")


def _messages(state: ThreadState) -> Sequence[Message]:
    values = state["values"]
    return values.get("messages", []) if isinstance(values, dict) else []


def _figure(state: ThreadState, name: str) -> int:
    metadata: Mapping[str, Any] = state["metadata"] or {}
    return int(metadata[name])


def _outcome(messages: Sequence[Message], decisions: Sequence[Decision]) -> str:
    if outcome := last_outcome(messages):
        return outcome
    if any(decision.verdict == "reject" for decision in decisions):
        return "not paid: rejected"
    return str(messages[-1]["content"]) if messages else "nothing happened"
