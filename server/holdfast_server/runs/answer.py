"""The two shapes of an answer to a graph's questions: by interrupt id, or bare."""

from __future__ import annotations

from typing import TypeGuard


def is_resume_map(resume: object) -> TypeGuard[dict[str, object]]:
    """Whether every key names a question; LangGraph's interrupt ids are 128-bit hashes in hex."""
    return isinstance(resume, dict) and bool(resume) and all(_is_interrupt_id(key) for key in resume)


def _is_interrupt_id(key: object) -> bool:
    return isinstance(key, str) and len(key) == 32 and all(c in "0123456789abcdef" for c in key)
