"""The serializer of checkpoints: LangGraph's own, with every known secret masked in what it writes."""

from __future__ import annotations

from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from holdfast_server.masking.masker import MASKER


class MaskedSerializer(JsonPlusSerializer):
    """Masks serialized bytes; their length stays, so that they can be read again.

    It is LangGraph's serializer, so that LangGraph's `EncryptedSerializer` and allow-lists take it as one.
    """

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Type and bytes of a value."""
        kind, data = super().dumps_typed(obj)
        return kind, MASKER.bytes(data)
