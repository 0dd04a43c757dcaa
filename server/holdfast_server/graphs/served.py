"""A served graph: what langgraph.json names, turned into a runnable graph for one run."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.pregel import Pregel

from holdfast_server.errors import GraphLoadError
from holdfast_server.graphs.factory import READING, Occasion, call_factory

Graph = Pregel[Any, Any, Any, Any]


@dataclass(frozen=True)
class ServedGraph:
    """One graph of langgraph.json: compiled, to be compiled, or made anew for each run by a factory."""

    graph_id: str
    source: object
    description: str | None = None

    @property
    def is_made_anew(self) -> bool:
        """Whether a factory makes it, so that its shape may depend on the config."""
        return callable(self.source) and not isinstance(self.source, Pregel | StateGraph)

    @asynccontextmanager
    async def open(self, config: RunnableConfig, occasion: Occasion = READING) -> AsyncIterator[Graph]:
        """The graph for one run, or for one look at it.

        Raises:
            GraphLoadError: the factory gave something that is no graph.
        """
        if not callable(self.source) or not self.is_made_anew:
            yield self._compiled(self.source)
            return
        made = call_factory(self.source, config, occasion)
        if inspect.isawaitable(made):
            made = await made
        if isinstance(made, AbstractAsyncContextManager):
            async with made as graph:
                yield self._compiled(graph)
        elif isinstance(made, AbstractContextManager):
            with made as graph:
                yield self._compiled(graph)
        else:
            yield self._compiled(made)

    def _compiled(self, graph: object) -> Graph:
        if isinstance(graph, StateGraph):
            return graph.compile()
        if isinstance(graph, Pregel):
            return graph
        raise GraphLoadError(
            f"graph {self.graph_id!r} is a {type(graph).__name__}; it must be a StateGraph, "
            "a compiled graph, or a function that makes one"
        )
