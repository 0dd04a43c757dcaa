"""The one door through which every tool call passes: checked, then run under its effect contract."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from pydantic import JsonValue

from holdfast_tools.call import CallContext, CallScope, ToolCall, call_context, idempotency_key
from holdfast_tools.checks import check_name, check_schema, why_hold
from holdfast_tools.decision import Allow, Decision, Hold, ask
from holdfast_tools.errors import (
    BadPolicy,
    BadTool,
    FatalToolError,
    HoldfastToolError,
    RecoverableToolError,
    ToolTimeout,
)
from holdfast_tools.ledger import Effect, Fresh, Settled, Unknown, current_ledger
from holdfast_tools.outcome import (
    Failed,
    Finished,
    GiveUp,
    MarkDone,
    Outcome,
    Resolution,
    Retry,
    UnknownOutcome,
)
from holdfast_tools.policy import Approval, Policy
from holdfast_tools.result import excerpt, json_of
from holdfast_tools.schema import schema_of
from holdfast_tools.secrets import current_secrets
from holdfast_tools.tool import policy_of


class Gateway:
    """Checks calls and runs them.

    >>> gateway = Gateway([find_invoice, pay_invoice], policy=Policy())
    >>> match gateway.check(call):
    ...     case Allow():
    ...         outcome = await gateway.run(call, scope=CallScope(thread_id, task_id))

    `passthrough` names the exceptions that steer the caller (LangGraph's GraphBubbleUp) and are no tool
    errors. `pauses` names those among them by which a tool stops itself, to be started from the top later
    (GraphInterrupt): its reservation is taken back.

    Raises:
        BadTool: two tools share one name.
        BadPolicy: `policy.approve` names a tool that is not there.
    """

    def __init__(
        self,
        tools: Sequence[BaseTool],
        *,
        policy: Policy,
        passthrough: tuple[type[BaseException], ...] = (),
        pauses: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._tools = {tool.name: tool for tool in tools}
        _check_names(tools, policy)
        self._rules = {tool.name: policy_of(tool) for tool in tools}
        self._schemas = {tool.name: schema_of(tool) for tool in tools}
        self._policy = policy
        self._passthrough = (*passthrough, *pauses)
        self._pauses = pauses
        self._meant: tuple[type[BaseException], ...] = (*self._passthrough, HoldfastToolError)

    def check(self, call: ToolCall, *, approved_fingerprint: str | None = None) -> Decision:
        """Decide about `call` without running it: known name, right arguments, approved where needed."""
        unknown = check_name(call, self._tools)
        if unknown:
            return unknown
        schema = self._schemas[call.name]
        wrong = check_schema(call, schema)
        if wrong:
            return wrong
        approval = self._approval(call.name)
        reason = why_hold(call, approval, schema) if approval else None
        if reason is None or approved_fingerprint == call.fingerprint:
            return Allow()
        return Hold(ask(call, reason=reason, approval=approval))

    def schema(self, name: str) -> Mapping[str, JsonValue]:
        """The JSON Schema of a tool's arguments."""
        return self._schemas[name]

    async def run(self, call: ToolCall, *, scope: CallScope) -> Outcome:
        """Run a call that `check` allowed, at most as often as its effect permits.

        Raises:
            FatalToolError: the tool stopped the run.
            Exception: whatever the ledger raises, and the exceptions in `passthrough`.
        """
        unknown = check_name(call, self._tools)
        if unknown:
            return Failed(unknown.reason)
        if self._rules[call.name].effect == "read":
            return _known(await self._attempt(call, scope))
        effect = self._effect(call, scope)
        match await current_ledger().reserve(effect):
            case Settled() as settled:
                return _replayed(settled)
            case Fresh():
                return await self._start(call, scope, effect, attempt=1)
            case Unknown() as unknown_start:
                return await self._start_again(call, scope, effect, unknown_start)
            case unreachable:
                assert_never(unreachable)

    async def resolve_unknown(self, call: ToolCall, scope: CallScope, answer: Resolution) -> Outcome:
        """Act on what a person said about an `UnknownOutcome`; a call settled meanwhile keeps its outcome."""
        effect, ledger = self._effect(call, scope), current_ledger()
        reservation = await ledger.reserve(effect)
        if isinstance(reservation, Settled):
            return _replayed(reservation)
        match answer:
            case MarkDone(result):
                return await self._settle(effect, Finished(result))
            case GiveUp(reason):
                return await self._settle(effect, Failed(reason))
            case Retry():
                attempt = 1
                if isinstance(reservation, Unknown):
                    await ledger.retry(effect)
                    attempt = reservation.attempts + 1
                return await self._start(call, scope, effect, attempt=attempt)
            case unreachable:
                assert_never(unreachable)

    async def _start_again(self, call: ToolCall, scope: CallScope, effect: Effect, start: Unknown) -> Outcome:
        if effect.kind == "at_most_once":
            return self._unknown_outcome(call, attempts=start.attempts)
        await current_ledger().retry(effect)
        return await self._start(call, scope, effect, attempt=start.attempts + 1)

    async def _start(self, call: ToolCall, scope: CallScope, effect: Effect, *, attempt: int) -> Outcome:
        if effect.kind == "transactional":
            return await self._in_transaction(call, scope, effect)
        outcome = await self._attempt(call, scope, effect)
        if isinstance(outcome, _Silent):
            if effect.kind == "at_most_once":
                return self._unknown_outcome(call, attempts=attempt)
            outcome = Failed(outcome.reason)
        return await self._settle(effect, outcome)

    async def _in_transaction(self, call: ToolCall, scope: CallScope, effect: Effect) -> Outcome:
        """Run the tool and settle it in one transaction; a failure rolls the tool's writes back first."""
        try:
            async with current_ledger().transaction(effect) as transaction:
                outcome = _known(await self._attempt(call, scope, effect, handle=transaction.handle))
                if isinstance(outcome, Failed):
                    raise _RollBack(outcome)
                await transaction.settle(result=json.dumps(outcome.content), failed=False)
                return outcome
        except _RollBack as rolled_back:
            return await self._settle(effect, rolled_back.outcome)

    async def _settle(self, effect: Effect, outcome: Finished | Failed) -> Outcome:
        match outcome:
            case Finished(content):
                await current_ledger().settle(effect.key, result=json.dumps(content), failed=False)
            case Failed(reason):
                await current_ledger().settle(effect.key, result=json.dumps(reason), failed=True)
            case unreachable:
                assert_never(unreachable)
        return outcome

    async def _attempt(
        self, call: ToolCall, scope: CallScope, effect: Effect | None = None, *, handle: object | None = None
    ) -> "Finished | Failed | _Silent":
        """Call the tool once; neither the model nor anybody after it sees a secret in what it says."""
        return _masked(await self._tried(call, scope, effect, handle=handle))

    async def _tried(
        self, call: ToolCall, scope: CallScope, effect: Effect | None, *, handle: object | None
    ) -> "Finished | Failed | _Silent":
        """Call the tool once; what it raises becomes a value unless it steers the run."""
        context = CallContext(idempotency_key(scope, call), call.id, handle)
        try:
            with call_context(context):
                return await self._invoke(call)
        except self._passthrough as steering:
            if effect is not None and isinstance(steering, self._pauses):
                await current_ledger().release(effect)
            raise
        except FatalToolError:
            raise
        except ToolTimeout as error:
            return _Silent(str(error))
        except RecoverableToolError as error:
            return Failed(excerpt(str(error)))
        except Exception as error:
            return Failed(excerpt(f"{type(error).__name__}: {error}"))

    async def _invoke(self, call: ToolCall) -> Finished | Failed:
        """One call through LangChain, so that callbacks fire, with the tool's timeout around it.

        An async tool is cancelled at the timeout; the thread of a sync one is abandoned and may still finish.
        """
        timeout = self._rules[call.name].timeout
        request = {"type": "tool_call", "id": call.id, "name": call.name, "args": dict(call.args)}
        try:
            async with asyncio.timeout(timeout.total_seconds()) as clock:
                output = await self._tools[call.name].ainvoke(request)
        except self._meant:
            raise
        except Exception as error:
            if not clock.expired():
                raise
            # Whatever a tool makes of its cancellation, what it was doing has no known end.
            raise ToolTimeout(f"{call.name} did not answer within {timeout.total_seconds():g} s") from error
        return _outcome_of(output)

    def _approval(self, name: str) -> Approval | None:
        """The rule for `name`: the policy's list makes every call wait, and keeps the tool's own roles."""
        own = self._rules[name].approval
        if name not in self._policy.approve:
            return own
        return Approval(roles=own.roles, reason=own.reason, expires=own.expires) if own else Approval()

    def _effect(self, call: ToolCall, scope: CallScope) -> Effect:
        kind = self._rules[call.name].effect
        key = idempotency_key(scope, call)
        return Effect(key, call.name, kind, scope.thread_id, scope.task_id, call.id, call.args_hash)

    def _unknown_outcome(self, call: ToolCall, *, attempts: int) -> UnknownOutcome:
        reason = (
            f"{call.name} was started and never told its outcome, so it may or may not have happened; "
            "find out, then retry it, mark it done, or let it fail"
        )
        return UnknownOutcome(ask(call, reason=reason, approval=self._approval(call.name)), attempts)


@dataclass(frozen=True)
class _Silent:
    """The tool did not answer in time."""

    reason: str


class _RollBack(Exception):
    """Leaves the ledger's transaction with its writes undone."""

    def __init__(self, outcome: Failed) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def _check_names(tools: Sequence[BaseTool], policy: Policy) -> None:
    names = [tool.name for tool in tools]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadTool(
            f"two tools are called {', '.join(twice)}; give one of them another name: @tool(name=…)"
        )
    missing = sorted(policy.approve - set(names))
    if missing:
        raise BadPolicy(
            f"Policy.approve names {', '.join(missing)}, and the tools are {', '.join(names) or 'none'}"
        )


def _masked(outcome: Finished | Failed | _Silent) -> Finished | Failed | _Silent:
    masked = current_secrets().masked
    match outcome:
        case Finished(content, artifact):
            return Finished(masked(content), artifact)
        case Failed(reason):
            return Failed(masked(reason))
        case _Silent(reason):
            return _Silent(masked(reason))
        case unreachable:
            assert_never(unreachable)


def _known(outcome: Finished | Failed | _Silent) -> Finished | Failed:
    return Failed(outcome.reason) if isinstance(outcome, _Silent) else outcome


def _replayed(settled: Settled) -> Finished | Failed:
    content = json_of(json.loads(settled.result))
    return Failed(content) if settled.failed else Finished(content)


def _outcome_of(output: object) -> Finished | Failed:
    if not isinstance(output, ToolMessage):
        return Finished(json_of(output))
    content = json_of(output.content)
    return Failed(content) if output.status == "error" else Finished(content, output.artifact)
