"""Embeddings: what `store.index.embed` names, called from one loop of its own whoever asks."""

from __future__ import annotations

import asyncio
import importlib.util
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from langchain_core.embeddings import Embeddings
from langgraph.store.base import ensure_embeddings

from holdfast_server.config.store import IndexSpec
from holdfast_server.errors import UserCodeError
from holdfast_server.memory.errors import EmbeddingFailed
from holdfast_server.user_code import load_object

T = TypeVar("T")
_PATIENCE = 60.0


class OneLoopEmbeddings(Embeddings):
    """Embeds in a thread with an event loop of its own.

    Clients of embedding services keep connections that belong to one event loop; graphs and API questions
    run in different ones. A function that blocks holds up embedding and nothing else.
    """

    def __init__(self, inner: Embeddings, *, dims: int) -> None:
        self._inner = inner
        self._dims = dims
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="embeddings", daemon=True).start()

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of the texts.

        Raises:
            EmbeddingFailed: with the reason.
        """
        return await asyncio.wrap_future(self._submit(self._embed(texts)))

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of one text."""
        return (await self.aembed_documents([text]))[0]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The vectors of the texts, for callers without an event loop."""
        vectors: list[list[float]] = self._submit(self._embed(texts)).result()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text, for callers without an event loop."""
        return self.embed_documents([text])[0]

    def _submit(self, work: Coroutine[Any, Any, T]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _embed(self, texts: list[str]) -> list[list[float]]:
        try:
            async with asyncio.timeout(_PATIENCE):
                given = await self._inner.aembed_documents(texts)
            vectors = [[float(number) for number in vector] for vector in given]
        except TimeoutError:
            raise EmbeddingFailed(f"store.index.embed gave nothing within {_PATIENCE:g} s") from None
        except (Exception, SystemExit) as error:
            raise EmbeddingFailed(f"store.index.embed failed: {type(error).__name__}: {error}") from error
        self._check(texts, vectors)
        return vectors

    def _check(self, texts: list[str], vectors: list[list[float]]) -> None:
        if len(vectors) != len(texts):
            raise EmbeddingFailed(f"store.index.embed gave {len(vectors)} vectors for {len(texts)} texts")
        if wrong := [len(v) for v in vectors if len(v) != self._dims]:
            raise EmbeddingFailed(
                f"store.index.embed gave {wrong[0]} dimensions and store.index.dims is {self._dims}; "
                "correct one of them"
            )


def load_embeddings(spec: IndexSpec, folder: Path) -> OneLoopEmbeddings:
    """Loads what `store.index.embed` names.

    Raises:
        EmbeddingFailed: it does not load.
    """
    source, _, name = spec.embed.rpartition(":")
    try:
        inner = ensure_embeddings(_named(source, name, folder) if _is_code(source, name) else spec.embed)
    except (Exception, SystemExit) as error:
        raise EmbeddingFailed(f"store.index.embed {spec.embed!r} does not load: {error}") from error
    return OneLoopEmbeddings(inner, dims=spec.dims)


def _is_code(source: str, name: str) -> bool:
    """Whether it names an object, and not the model of a provider, which may be a module's name too."""
    if source.endswith(".py") or "/" in source:
        return True
    if not name.isidentifier() or not _is_module(source):
        return False
    return hasattr(importlib.import_module(source), name)


def _is_module(source: str) -> bool:
    try:
        return importlib.util.find_spec(source) is not None
    except (ImportError, ValueError):
        # `ollama:llama3.1:latest`: what looks like a module's parent is none.
        return False


def _named(source: str, name: str, folder: Path) -> Any:
    found = load_object("store.index.embed", source, name, folder)
    if not callable(found) and not isinstance(found, Embeddings):
        raise UserCodeError(f"{name!r} is a {type(found).__name__}; it must be a function or an Embeddings")
    return found
