"""Embeddings without a network: a text's vector counts its words, hashed; a few break on purpose."""

import asyncio
import hashlib

from langchain_core.embeddings import Embeddings

DIMS = 64


def words(texts: list[str]) -> list[list[float]]:
    """Sync."""
    return [_vector(text) for text in texts]


async def words_async(texts: list[str]) -> list[list[float]]:
    """Async."""
    await asyncio.sleep(0)
    if any("explode" in text for text in texts):
        raise RuntimeError("the embedding service is away")
    return [_vector(text)[: 3 if "short" in text else DIMS] for text in texts]


class Words(Embeddings):
    """An object."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return words(texts)

    def embed_query(self, text: str) -> list[float]:
        return _vector(text)


words_object = Words()


def _vector(text: str) -> list[float]:
    vector = [0.01] * DIMS
    for word in "".join(c if c.isalnum() else " " for c in text.lower()).split():
        vector[int(hashlib.md5(word.encode()).hexdigest(), 16) % DIMS] += 1.0
    return vector
