"""A chat model without a network: it calls one tool with what was said, then tells the result in words."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, message_chunk_to_message
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable


class ParrotModel(BaseChatModel):
    """Calls `tool` with `{argument: <the last human text>}` and then says what came back."""

    tool: str
    argument: str
    number: bool = False

    @property
    def _llm_type(self) -> str:
        return "parrot"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, Any]:
        return self

    def _chunks(self, messages: list[BaseMessage]) -> Iterator[AIMessageChunk]:
        last = messages[-1]
        if isinstance(last, HumanMessage):
            value = last.text if self.number else f'"{last.text}"'
            args = f'{{"{self.argument}": {value}}}'
            call = tool_call_chunk(name=self.tool, args=args, id=f"call-{len(messages)}", index=0)
            yield AIMessageChunk(content="", tool_call_chunks=[call])
            return
        for word in f"I heard {last.text}".split(" "):
            yield AIMessageChunk(content=word + " ")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        first, *rest = self._chunks(messages)
        for chunk in rest:
            first = first + chunk
        return ChatResult(generations=[ChatGeneration(message=message_chunk_to_message(first))])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for chunk in self._chunks(messages):
            generation = ChatGenerationChunk(message=chunk)
            if run_manager is not None:
                await run_manager.on_llm_new_token(chunk.text, chunk=generation)
            yield generation
