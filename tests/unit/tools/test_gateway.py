"""The gateway: what it allows, how it runs a call, and that each effect keeps its contract."""

import asyncio
import hashlib
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.tools import BaseTool
from langchain_core.tools import tool as langchain_tool
from pydantic import BaseModel

from holdfast_tools import (
    Allow,
    Approval,
    CallScope,
    Deny,
    FatalToolError,
    Gateway,
    Hold,
    Policy,
    RecoverableToolError,
    ToolCall,
    current_call,
    tool,
)
from holdfast_tools.call import idempotency_key
from holdfast_tools.errors import BadPolicy, BadTool, ToolTimeout
from holdfast_tools.ledger import Effect, EffectKind, Fresh, InMemoryLedger, Settled, Unknown, use_ledger
from holdfast_tools.ledger import Transaction as LedgerTransaction
from holdfast_tools.outcome import Failed, Finished, GiveUp, MarkDone, Retry, UnknownOutcome

CALL = ToolCall("c1", "act", {"word": "hi"})
BLINK = timedelta(milliseconds=5)
KINDS: list[EffectKind] = ["read", "idempotent", "transactional", "at_most_once"]


def gateway_of(*tools: BaseTool, **kwargs: Any) -> Gateway:
    return Gateway(tools, policy=Policy(), **kwargs)


def effect_of(kind: EffectKind, scope: CallScope) -> Effect:
    key = idempotency_key(scope, CALL)
    return Effect(key, "act", kind, scope.thread_id, scope.task_id, CALL.id, CALL.args_hash)


def counting(kind: EffectKind, log: list[str], timeout: timedelta = timedelta(seconds=5)) -> BaseTool:
    """A tool that writes down the key of every start."""

    @tool(effect=kind, approval=False, timeout=timeout)
    async def act(word: str) -> str:
        """Act."""
        log.append(current_call().idempotency_key)
        return word.upper()

    return act


def hanging(kind: EffectKind, log: list[str]) -> BaseTool:
    """A tool that starts and never answers."""

    @tool(effect=kind, approval=False, timeout=BLINK)
    async def act(word: str) -> str:
        """Act."""
        log.append("started")
        await asyncio.Event().wait()
        return word

    return act


def raising(error: BaseException, kind: EffectKind = "idempotent") -> BaseTool:
    @tool(effect=kind, approval=False)
    async def act(word: str) -> str:
        """Act."""
        raise error

    return act


def test_name_is_checked_before_shape_and_shape_before_approval() -> None:
    @tool(effect="at_most_once")
    async def act(word: str) -> str:
        """Act."""
        return word

    gateway = gateway_of(act)
    assert isinstance(gateway.check(ToolCall("c1", "akt", {})), Deny)
    wrong = gateway.check(ToolCall("c1", "act", {"word": 1}))
    assert isinstance(wrong, Deny)
    assert "$.word: 1 is not of type 'string'" in wrong.reason
    assert isinstance(gateway.check(CALL), Hold)


def test_an_approval_counts_for_the_exact_arguments_only() -> None:
    rule = Approval(when=lambda args: args["word"] != "safe", roles=("ops",), reason="loud words")

    @tool(effect="idempotent", approval=rule)
    async def act(word: str) -> str:
        """Act."""
        return word

    gateway = gateway_of(act)
    held = gateway.check(CALL)
    assert isinstance(held, Hold)
    assert (held.question.roles, held.question.reason) == (("ops",), "loud words")
    approved = held.question.fingerprint
    assert gateway.check(CALL, approved_fingerprint=approved) == Allow()
    changed = ToolCall("c1", "act", {"word": "bye"})
    assert isinstance(gateway.check(changed, approved_fingerprint=approved), Hold)
    assert gateway.check(ToolCall("c2", "act", {"word": "safe"})) == Allow()


def test_the_policy_makes_a_tool_wait_that_said_never() -> None:
    act = counting("read", [])
    assert gateway_of(act).check(CALL) == Allow()
    assert isinstance(Gateway([act], policy=Policy(approve=frozenset({"act"}))).check(CALL), Hold)


def test_a_misspelled_or_doubled_name_is_refused_when_the_gateway_is_built() -> None:
    act = counting("read", [])
    with pytest.raises(BadPolicy, match="akt"):
        Gateway([act], policy=Policy(approve=frozenset({"akt"})))
    with pytest.raises(BadTool, match="two tools are called act"):
        gateway_of(act, act)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_runs_once_and_is_answered_from_the_ledger_after(
    kind: EffectKind, ledger: InMemoryLedger, scope: CallScope
) -> None:
    log: list[str] = []
    gateway = gateway_of(counting(kind, log))
    assert await gateway.run(CALL, scope=scope) == Finished("HI")
    assert await gateway.run(CALL, scope=scope) == Finished("HI")
    assert log == [idempotency_key(scope, CALL)] * (2 if kind == "read" else 1)


@pytest.mark.parametrize("kind", ["idempotent", "transactional"])
async def test_after_an_unknown_outcome_a_repeatable_call_is_sent_again_with_its_key(
    kind: EffectKind, ledger: InMemoryLedger, scope: CallScope
) -> None:
    log: list[str] = []
    await ledger.reserve(effect_of(kind, scope))
    assert await gateway_of(counting(kind, log)).run(CALL, scope=scope) == Finished("HI")
    assert log == [idempotency_key(scope, CALL)]


async def test_after_an_unknown_outcome_an_at_most_once_call_becomes_a_question(
    ledger: InMemoryLedger, scope: CallScope
) -> None:
    log: list[str] = []
    gateway = gateway_of(counting("at_most_once", log))
    await ledger.reserve(effect_of("at_most_once", scope))
    outcome = await gateway.run(CALL, scope=scope)
    assert isinstance(outcome, UnknownOutcome)
    assert outcome.question.fingerprint == CALL.fingerprint
    assert log == []


async def test_a_foreign_tool_is_not_sent_twice_either(ledger: InMemoryLedger, scope: CallScope) -> None:
    @langchain_tool
    def act(word: str) -> str:
        """Act."""
        return word

    await ledger.reserve(effect_of("at_most_once", scope))
    assert isinstance(await gateway_of(act).run(CALL, scope=scope), UnknownOutcome)


@pytest.mark.parametrize(
    ("answer", "outcome", "starts"),
    [
        (Retry(), Finished("HI"), 1),
        (MarkDone("paid"), Finished("paid"), 0),
        (GiveUp("lost"), Failed("lost"), 0),
    ],
)
async def test_a_person_settles_an_unknown_outcome(
    answer: Retry | MarkDone | GiveUp, outcome: object, starts: int, ledger: InMemoryLedger, scope: CallScope
) -> None:
    log: list[str] = []
    gateway = gateway_of(counting("at_most_once", log))
    await ledger.reserve(effect_of("at_most_once", scope))
    assert await gateway.resolve_unknown(CALL, scope, answer) == outcome
    assert await gateway.run(CALL, scope=scope) == outcome
    assert len(log) == starts


async def test_an_answer_that_comes_too_late_changes_nothing(
    ledger: InMemoryLedger, scope: CallScope
) -> None:
    log: list[str] = []
    gateway = gateway_of(counting("at_most_once", log))
    await gateway.run(CALL, scope=scope)
    assert await gateway.resolve_unknown(CALL, scope, Retry()) == Finished("HI")
    assert len(log) == 1


@pytest.mark.parametrize("kind", ["read", "idempotent", "transactional"])
async def test_a_timeout_fails_a_repeatable_call(
    kind: EffectKind, ledger: InMemoryLedger, scope: CallScope
) -> None:
    outcome = await gateway_of(hanging(kind, [])).run(CALL, scope=scope)
    assert outcome == Failed("act did not answer within 0.005 s")


async def test_a_timeout_leaves_an_at_most_once_call_unsettled_and_counts_its_attempts(
    ledger: InMemoryLedger, scope: CallScope
) -> None:
    log: list[str] = []
    gateway = gateway_of(hanging("at_most_once", log))
    first = await gateway.run(CALL, scope=scope)
    again = await gateway.run(CALL, scope=scope)
    retried = await gateway.resolve_unknown(CALL, scope, Retry())
    replayed = await gateway.run(CALL, scope=scope)
    outcomes = (first, again, retried, replayed)
    assert [outcome.attempts for outcome in outcomes if isinstance(outcome, UnknownOutcome)] == [1, 1, 2, 2]
    assert len(log) == 2


async def test_a_tool_that_turns_its_timeout_into_an_error_has_no_known_outcome_either(
    ledger: InMemoryLedger, scope: CallScope
) -> None:
    @tool(effect="at_most_once", approval=False, timeout=BLINK)
    async def act(word: str) -> str:
        """Act."""
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise RuntimeError("connection closed") from None
        return word

    assert isinstance(await gateway_of(act).run(CALL, scope=scope), UnknownOutcome)


async def test_a_tool_may_say_itself_that_the_other_side_went_silent(
    ledger: InMemoryLedger, scope: CallScope
) -> None:
    silent = ToolTimeout("the bank did not answer")
    assert isinstance(
        await gateway_of(raising(silent, "at_most_once")).run(CALL, scope=scope), UnknownOutcome
    )


async def test_a_sync_tool_is_abandoned_at_its_timeout(ledger: InMemoryLedger, scope: CallScope) -> None:
    release = threading.Event()

    @tool(effect="read", timeout=BLINK)
    def act(word: str) -> str:
        """Act."""
        release.wait()
        return word

    outcome = await gateway_of(act).run(CALL, scope=scope)
    release.set()
    assert outcome == Failed("act did not answer within 0.005 s")


async def test_a_failure_becomes_a_reason_and_is_remembered(ledger: InMemoryLedger, scope: CallScope) -> None:
    gateway = gateway_of(raising(ValueError("x" * 10_000)))
    outcome = await gateway.run(CALL, scope=scope)
    assert isinstance(outcome, Failed)
    assert outcome.reason.startswith("ValueError: xxx")
    assert len(outcome.reason) < 2_100
    assert await gateway.run(CALL, scope=scope) == outcome


async def test_a_reason_meant_for_the_model_reaches_it_unchanged(
    ledger: InMemoryLedger, scope: CallScope
) -> None:
    error = RecoverableToolError("A-17 is already paid; look for an open one")
    outcome = await gateway_of(raising(error)).run(CALL, scope=scope)
    assert outcome == Failed("A-17 is already paid; look for an open one")


class Shutdown(BaseException):
    """Stands for whatever is no Exception."""


class Steering(Exception):
    """Stands for LangGraph's GraphBubbleUp."""


@pytest.mark.parametrize("error", [FatalToolError("stop"), asyncio.CancelledError(), Steering(), Shutdown()])
async def test_what_steers_the_run_passes_through_and_settles_nothing(
    error: BaseException, ledger: InMemoryLedger, scope: CallScope
) -> None:
    gateway = gateway_of(raising(error, "at_most_once"), passthrough=(Steering,))
    with pytest.raises(type(error)):
        await gateway.run(CALL, scope=scope)
    assert isinstance(await ledger.reserve(effect_of("at_most_once", scope)), Unknown)


async def test_a_tool_that_pauses_itself_starts_from_the_top_later(
    ledger: InMemoryLedger, scope: CallScope
) -> None:
    gateway = gateway_of(raising(Steering(), "at_most_once"), pauses=(Steering,))
    with pytest.raises(Steering):
        await gateway.run(CALL, scope=scope)
    assert await ledger.reserve(effect_of("at_most_once", scope)) == Fresh()


async def test_an_outside_cancel_is_no_timeout(ledger: InMemoryLedger, scope: CallScope) -> None:
    started = asyncio.Event()

    @tool(effect="at_most_once", approval=False)
    async def act(word: str) -> str:
        """Act."""
        started.set()
        await asyncio.Event().wait()
        return word

    running = asyncio.create_task(gateway_of(act).run(CALL, scope=scope))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


class LeaseLost(Exception):
    """Stands for the server's."""


class LostLedger(InMemoryLedger):
    """A ledger whose worker was superseded before it could settle."""

    async def settle(self, key: str, *, result: str, failed: bool) -> None:
        raise LeaseLost

    @asynccontextmanager
    async def transaction(self, effect: Effect) -> AsyncIterator[LedgerTransaction]:
        raise LeaseLost
        yield


@pytest.mark.parametrize("kind", ["idempotent", "transactional", "at_most_once"])
async def test_what_the_ledger_raises_is_no_tool_error(kind: EffectKind, scope: CallScope) -> None:
    with use_ledger(LostLedger()), pytest.raises(LeaseLost):
        await gateway_of(counting(kind, [])).run(CALL, scope=scope)


class Book(InMemoryLedger):
    """A ledger with a transaction to look into."""

    handle = object()
    left_by: str = "nobody"

    @asynccontextmanager
    async def transaction(self, effect: Effect) -> AsyncIterator[LedgerTransaction]:
        try:
            async with super().transaction(effect) as transaction:
                transaction.handle = self.handle  # type: ignore[misc]
                yield transaction
        except BaseException:
            self.left_by = "rollback"
            raise
        self.left_by = "commit"


async def test_a_transactional_tool_works_and_is_settled_in_one_transaction(scope: CallScope) -> None:
    seen: list[object] = []

    @tool(effect="transactional")
    async def act(word: str) -> str:
        """Act."""
        seen.append(current_call().transaction)
        return word

    with use_ledger(Book()) as book:
        assert await gateway_of(act).run(CALL, scope=scope) == Finished("hi")
        assert await book.reserve(effect_of("transactional", scope)) == Settled('"hi"', failed=False)
        assert (seen, book.left_by) == ([Book.handle], "commit")  # type: ignore[attr-defined]


async def test_a_transactional_tool_that_fails_is_rolled_back_and_then_settled(scope: CallScope) -> None:
    with use_ledger(Book()) as book:
        outcome = await gateway_of(raising(ValueError("no"), "transactional")).run(CALL, scope=scope)
        assert outcome == Failed("ValueError: no")
        assert book.left_by == "rollback"  # type: ignore[attr-defined]
        assert await book.reserve(effect_of("transactional", scope)) == Settled(
            '"ValueError: no"', failed=True
        )


class Receipt(BaseModel):
    """What a payment returns."""

    cents: int


@pytest.mark.parametrize(
    ("value", "text"),
    [("as it is", "as it is"), ({"a": 1}, '{"a": 1}'), (Receipt(cents=5), '{"cents": 5}'), (None, "null")],
)
async def test_results_are_text_or_json(
    value: object, text: str, ledger: InMemoryLedger, scope: CallScope
) -> None:
    @tool(effect="read")
    async def act(word: str) -> object:
        """Act."""
        return value

    assert await gateway_of(act).run(CALL, scope=scope) == Finished(text)


async def test_a_settled_result_is_a_json_document(ledger: InMemoryLedger, scope: CallScope) -> None:
    await gateway_of(counting("idempotent", [])).run(CALL, scope=scope)
    settled = await ledger.reserve(effect_of("idempotent", scope))
    assert isinstance(settled, Settled)
    assert json.loads(settled.result) == "HI"


async def test_callbacks_see_the_call(ledger: InMemoryLedger, scope: CallScope) -> None:
    seen: list[object] = []

    class Watcher(AsyncCallbackHandler):
        async def on_tool_start(self, serialized: dict[str, Any], input_str: str, **kwargs: Any) -> None:
            seen.append((serialized["name"], kwargs["tool_call_id"], kwargs["inputs"]))

    act = counting("read", [])
    act.callbacks = [Watcher()]
    await gateway_of(act).run(CALL, scope=scope)
    assert seen == [("act", "c1", {"word": "hi"})]


def test_the_key_is_the_same_for_every_attempt_and_differs_between_calls() -> None:
    keys = {
        idempotency_key(CallScope(thread, task), ToolCall(call, "act", {}))
        for thread in ("t1", "t2")
        for task in ("k1", "k2")
        for call in ("c1", "c2")
    }
    assert len(keys) == 8
    by_hand = hashlib.sha256(b"t1|k1|c1").hexdigest()
    assert idempotency_key(CallScope("t1", "k1"), CALL) == by_hand
