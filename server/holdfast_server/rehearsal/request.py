"""A chat completion request as a script sees it: messages, offered tools, and how often it came."""

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast_server.rehearsal.reply import ToolCall


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `tool_calls` is set on turns of the model, `tool_call_id` on tool results."""

    role: str
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool the model may call; `parameters` is its JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Request:
    """What the model is asked; `attempt` is 1 for the first request with this very body, then 2, 3, …"""

    model: str
    messages: tuple[Message, ...]
    tools: tuple[OfferedTool, ...] = ()
    attempt: int = 1

    def since_last_human(self) -> tuple[Message, ...]:
        """The current turn: the user's last message and everything after it; empty when no user spoke."""
        asked = [index for index, message in enumerate(self.messages) if message.role == "user"]
        return self.messages[asked[-1] :] if asked else ()
