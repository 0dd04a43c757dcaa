"""A scene for an agent: a model that answers from a script, and a ledger of its own."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import settings
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

from holdfast_tools.ledger import InMemoryLedger, use_ledger

# The first example pays for imports; on a busy machine that alone takes longer than hypothesis allows.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


class ScriptedModel(BaseChatModel):
    """Answers with the next message of its script, and keeps what it was sent."""

    script: list[AIMessage]
    requests: list[list[BaseMessage]]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        self.requests.append(messages)
        return ChatResult(generations=[ChatGeneration(message=self.script.pop(0))])


@pytest.fixture
def requests() -> list[list[BaseMessage]]:
    """What the scripted model was sent, one list of messages for each call."""
    return []


@pytest.fixture
def scripted(requests: list[list[BaseMessage]]) -> Callable[..., BaseChatModel]:
    """Makes a model from its answers; one that is asked too often raises IndexError."""

    def make(*script: AIMessage) -> BaseChatModel:
        model = ScriptedModel(script=list(script), requests=[])
        model.requests = requests
        return model

    return make


@pytest.fixture(autouse=True)
def ledger() -> Iterator[InMemoryLedger]:
    fresh = InMemoryLedger()
    with use_ledger(fresh):
        yield fresh
