"""The tool runner: one call, run through the gateway in a task of its own."""

from dataclasses import dataclass

from langchain_core.messages import ToolMessage
from langgraph.runtime import get_runtime
from langgraph.types import Send, interrupt
from pydantic import JsonValue
from typing_extensions import TypedDict

from holdfast_graphs.answer import Unreadable, read_resolution
from holdfast_graphs.calls import failure, success
from holdfast_tools import CallScope, Gateway, ToolCall
from holdfast_tools.outcome import Failed, Finished, Resolution, UnknownOutcome

NO_THREAD = "no-thread"


class RunnableCall(TypedDict):
    """A call on its way to be run."""

    id: str
    name: str
    args: dict[str, JsonValue]


class Ran(TypedDict):
    """What a call that was run adds to the state."""

    messages: list[ToolMessage]


def sent_to_runner(call: ToolCall) -> Send:
    """Send one allowed call to a task of its own, so that no neighbour can make it run twice."""
    return Send("tool_runner", RunnableCall(id=call.id, name=call.name, args=dict(call.args)))


@dataclass(frozen=True)
class ToolRunner:
    """The runner's node. A call whose outcome is unknown waits here for a person to say how it ended."""

    gateway: Gateway

    async def __call__(self, state: RunnableCall) -> Ran:
        call = ToolCall(state["id"], state["name"], state["args"])
        scope = _scope()
        outcome = await self.gateway.run(call, scope=scope)
        answers = 0
        while isinstance(outcome, UnknownOutcome):
            # After a crash LangGraph plays earlier answers back. Each was about one attempt and was acted on
            # then; only the answer about the latest attempt may start the tool again.
            for _ in range(max(outcome.attempts - answers, 1)):
                answer, answers = _asked(outcome), answers + 1
            outcome = await self.gateway.resolve_unknown(call, scope, answer)
        return {"messages": [_message(call, outcome)]}


def _scope() -> CallScope:
    """The same for every attempt at this task: LangGraph derives the task id from checkpoint and call."""
    execution = get_runtime().execution_info
    if execution is None:
        raise RuntimeError("the tool runner was called outside a graph; invoke the graph instead")
    return CallScope(execution.thread_id or NO_THREAD, execution.task_id)


def _asked(outcome: UnknownOutcome) -> Resolution:
    """The person's answer; asked again, with the reason, until it can be read."""
    question, problem = outcome.question, ""
    while True:
        payload = {
            "type": "unknown_outcome",
            "tool_call_id": question.call_id,
            "name": question.tool,
            "args": dict(question.args),
            "description": question.reason + problem,
            "allowed_decisions": ["retry", "done", "fail"],
            "roles": list(question.roles),
        }
        answer = read_resolution(interrupt(payload))
        if not isinstance(answer, Unreadable):
            return answer
        problem = f" Your last answer was not understood: {answer.reason}."


def _message(call: ToolCall, outcome: Finished | Failed) -> ToolMessage:
    match outcome:
        case Finished(content, artifact):
            return success(call, content, artifact)
        case Failed(reason):
            return failure(call, reason)
