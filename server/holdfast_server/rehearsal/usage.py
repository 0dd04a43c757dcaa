"""Token usage, estimated at four characters a token (OpenAI's rule of thumb): no tokenizer, no download."""

import json
from dataclasses import dataclass

from holdfast_server.rehearsal.reply import Answer, BrokenJson, CallTools, Say
from holdfast_server.rehearsal.request import Request

# Role and separators of one chat message, after OpenAI's cookbook "How to count tokens".
TOKENS_PER_MESSAGE = 3


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one exchange."""

    prompt_tokens: int
    completion_tokens: int

    def as_json(self) -> dict[str, object]:
        """OpenAI's `usage` object."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


def count_tokens(text: str) -> int:
    """Tokens of a text: one per four characters begun, none for an empty text."""
    return -(-len(text) // 4)


def prompt_tokens(request: Request) -> int:
    """Tokens of the whole conversation and of the offered tools."""
    messages = sum(
        TOKENS_PER_MESSAGE
        + count_tokens(message.text)
        + sum(count_tokens(call.name + json.dumps(call.arguments)) for call in message.tool_calls)
        for message in request.messages
    )
    tools = sum(
        count_tokens(tool.name + tool.description + json.dumps(tool.parameters)) for tool in request.tools
    )
    return messages + tools


def completion_tokens(answer: Answer) -> int:
    """Tokens of an answer; at least one, as a model that answers at all emits a stop token."""
    match answer:
        case Say(text):
            return max(1, count_tokens(text))
        case CallTools(calls, text):
            return count_tokens(text) + sum(
                TOKENS_PER_MESSAGE + count_tokens(call.name + json.dumps(call.arguments)) for call in calls
            )
        case BrokenJson(name, arguments):
            return TOKENS_PER_MESSAGE + count_tokens(name + arguments)
