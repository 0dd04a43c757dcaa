"""The exceptions of long-term memory.

HoldfastError
├── EmbeddingFailed    the embedding function raised, or gave something that is no vector
├── NoVectors          semantic search is configured and cannot be had; the sentence says why
└── ItemRefused        an item, a key or a filter that the store cannot take
"""

from __future__ import annotations

from holdfast_server.errors import HoldfastError


class EmbeddingFailed(HoldfastError):
    """No vector for a text."""


class NoVectors(HoldfastError):
    """Semantic search cannot be had here."""


class ItemRefused(HoldfastError, ValueError):
    """What the store cannot take, for the reason given."""
