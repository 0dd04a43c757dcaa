"""Tells a story of as many words as it was told, twenty a second: time to reload a page in the middle."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langgraph.graph import START, MessagesState, StateGraph
from model import ParrotModel


class Teller(ParrotModel):
    """Says `1 2 3 …` up to the number in the last message."""

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        for number in range(1, int(messages[-1].text) + 1):
            await asyncio.sleep(0.05)
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=f"{number} "))
            if run_manager is not None:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk


model = Teller(tool="", argument="")


async def tell(state: MessagesState) -> dict[str, Any]:
    return {"messages": [await model.ainvoke(state["messages"])]}


graph = StateGraph(MessagesState)
graph.add_node("tell", tell)
graph.add_edge(START, "tell")
