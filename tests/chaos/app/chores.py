"""An agent with two parallel chores and a payment, that can be killed at ten points of its run."""

from collections.abc import Sequence
from typing import Any

from journal import die_once, note
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from holdfast_graphs import supervised_agent
from holdfast_tools import current_call, tool


@tool(effect="idempotent")
async def sweep(room: str) -> str:
    """Sweep a room."""
    die_once(f"before-sweep-{room}")
    note(f"sweep {room} {current_call().idempotency_key}")
    die_once(f"after-sweep-{room}")
    return f"{room} is clean"


@tool(effect="at_most_once", approval=False)
async def pay(amount: int) -> str:
    """Pay the bill."""
    die_once("before-pay")
    note(f"pay {amount} {current_call().idempotency_key}")
    die_once("after-pay")
    return "paid"


def call(name: str, **args: Any) -> dict[str, Any]:
    """One tool call."""
    return {"name": name, "args": args, "id": f"{name}-{'-'.join(map(str, args.values()))}"}


class Script(BaseChatModel):
    """Sweeps two rooms at once, pays, and says so."""

    @property
    def _llm_type(self) -> str:
        return "script"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, Any]:
        return self

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        results = sum(isinstance(m, ToolMessage) for m in messages)
        die_once(f"thinking-after-{results}")
        match results:
            case 0:
                rooms = [call("sweep", room="hall"), call("sweep", room="loft")]
                answer = AIMessage("", tool_calls=rooms)
            case 2:
                answer = AIMessage("", tool_calls=[call("pay", amount=7)])
            case _:
                answer = AIMessage("all done")
        note(f"thought {results}")
        die_once(f"thought-after-{results}")
        return ChatResult(generations=[ChatGeneration(message=answer)])


graph = supervised_agent(name="chores", model=Script(), instructions="Do the chores.", tools=[sweep, pay])
