"""The planner: asks the model what to do next, within the turn's budget of steps."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AnyMessage, SystemMessage, ToolMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from typing_extensions import TypedDict

from holdfast_graphs.calls import pending, this_turn, with_unique_ids
from holdfast_graphs.state import AgentState
from holdfast_graphs.transcript import transcript
from holdfast_tools import Budget

CUT_OFF = frozenset({"length", "max_tokens", "MAX_TOKENS"})

Model = Runnable[LanguageModelInput, AIMessage]


class Planned(TypedDict, total=False):
    """What a step of the planner adds to the state; nothing while calls still wait for their answer."""

    messages: list[AnyMessage]
    steps: int


@dataclass
class LazyModel:
    """A chat model with its tools bound, made at its first use: importing a graph needs no API key."""

    model: str | BaseChatModel
    tools: Sequence[BaseTool]
    _bound: Model | None = field(default=None, init=False)

    async def get(self) -> Model:
        if self._bound is None:
            # Importing a provider and reading its certificates would block the event loop.
            self._bound = await asyncio.to_thread(self._bind)
        return self._bound

    def _bind(self) -> Model:
        model = _model_by_name(self.model) if isinstance(self.model, str) else self.model
        return model.bind_tools(self.tools) if self.tools else model


def _model_by_name(name: str) -> BaseChatModel:
    model = init_chat_model(name)
    # Without it a stream tells no usage when OPENAI_BASE_URL is set, and a budget would see nothing.
    if getattr(model, "stream_usage", True) is None:
        model.stream_usage = True  # type: ignore[attr-defined]
    return model


@dataclass(frozen=True)
class Planner:
    """The planner's node.

    It leaves the model alone while calls of its last message are unanswered (one was just approved, say), and
    once `budget.steps` is reached it closes the turn with a message instead of an error.
    """

    model: LazyModel
    instructions: str
    budget: Budget

    async def __call__(self, state: AgentState, config: RunnableConfig) -> Planned:
        messages = state["messages"]
        if pending(messages):
            return {}
        steps = _steps_taken(state)
        if self.budget.steps is not None and steps >= self.budget.steps:
            return {"messages": [AIMessage(_farewell(messages, steps))], "steps": steps}
        model = await self.model.get()
        answer = await model.ainvoke([*self._opening(), *transcript(messages)], config)
        return {"messages": [with_unique_ids(_distrust_cut_off(answer), messages)], "steps": steps + 1}

    def _opening(self) -> list[AnyMessage]:
        return [SystemMessage(self.instructions)] if self.instructions else []


def after_planner(state: AgentState) -> Literal["validator", "__end__"]:
    """Calls go to the validator; without calls the turn is over."""
    return "validator" if pending(state["messages"]) else "__end__"


def _steps_taken(state: AgentState) -> int:
    """Inside a turn the newest message is a tool's; whatever else is newest, a turn begins."""
    in_turn = isinstance(state["messages"][-1], ToolMessage) if state["messages"] else False
    return state.get("steps", 0) if in_turn else 0


def _distrust_cut_off(answer: AIMessage) -> AIMessage:
    """Take the last call of an answer that hit the token limit for broken.

    While streaming, LangChain completes half-written JSON: `{"amount": 12` of 1200 would become a valid call.
    """
    metadata = answer.response_metadata
    reason = metadata.get("finish_reason") or metadata.get("stop_reason")
    if reason not in CUT_OFF or not answer.tool_calls:
        return answer
    *whole, last = answer.tool_calls
    broken = {
        "type": "invalid_tool_call",
        "id": last["id"],
        "name": last["name"],
        "args": str(last["args"]),
        "error": "your answer was cut off at the token limit; write less",
    }
    update = {"tool_calls": whole, "invalid_tool_calls": [*answer.invalid_tool_calls, broken]}
    return answer.model_copy(update=update)


def _farewell(messages: Sequence[AnyMessage], steps: int) -> str:
    """The last message of a turn that used up its steps: what was done, and what is open."""
    answers = [message for message in this_turn(messages) if isinstance(message, ToolMessage)]
    done = _counted(answer for answer in answers if answer.status != "error")
    failed = _counted(answer for answer in answers if answer.status == "error")
    return (
        f"I stopped after {steps} {'step' if steps == 1 else 'steps'}, which is the limit for one turn. "
        f"Done: {done}. Open: your request is not finished, and these calls failed: {failed}. "
        "Write again to let me go on."
    )


def _counted(answers: Iterable[ToolMessage]) -> str:
    names = Counter(answer.name or "a tool" for answer in answers)
    return (
        ", ".join(f"{name} ({count}x)" if count > 1 else name for name, count in names.items()) or "nothing"
    )
