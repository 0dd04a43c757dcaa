"""A user as `on` handlers and applications read it: over a name, a dict, or an object with an identity."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from holdfast_server import wire

_FACE = ("identity", "display_name", "is_authenticated", "permissions")


class User:
    """`langgraph_sdk.auth.types.BaseUser` over an answer that is less than that."""

    def __init__(self, answer: Any) -> None:
        self._answer = {"identity": answer} if isinstance(answer, str) else answer

    @property
    def identity(self) -> str:
        """Who it is; the only thing that a handler must say."""
        return str(self._found("identity"))

    @property
    def display_name(self) -> str:
        """A name for people."""
        return str(self._found("display_name", self.identity))

    @property
    def is_authenticated(self) -> bool:
        """Whether the handler knows the user."""
        return bool(self._found("is_authenticated", True))

    @property
    def permissions(self) -> Sequence[str]:
        """What the handler says they may do; only the user's own `on` handlers read it."""
        return list(self._found("permissions", None) or [])

    def as_json(self) -> dict[str, Any]:
        """Everything the handler said, as a run finds it in its `configurable`."""
        said = {str(k): v for k, v in _fields(self._answer).items() if not str(k).startswith("_")}
        answer: dict[str, Any] = wire.loads(wire.dumps(said | {name: getattr(self, name) for name in _FACE}))
        return answer

    def _found(self, name: str, *default: Any) -> Any:
        if isinstance(self._answer, Mapping):
            return self._answer.get(name, *default)
        return getattr(self._answer, name, *default)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or (isinstance(self._answer, Mapping) and name not in self._answer):
            raise AttributeError(name)
        return self._found(name)

    def __getitem__(self, key: str) -> Any:
        if key in _FACE:
            return getattr(self, key)
        return self._answer[key] if isinstance(self._answer, Mapping) else getattr(self._answer, key)

    def __contains__(self, key: object) -> bool:
        return key in _FACE or key in _fields(self._answer)

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_json())


def _fields(answer: Any) -> Mapping[str, Any]:
    if isinstance(answer, Mapping):
        return answer
    for method in ("model_dump", "to_dict", "dict"):
        if callable(dump := getattr(answer, method, None)) and isinstance(found := dump(), Mapping):
            return found
    if dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        return {f.name: getattr(answer, f.name) for f in dataclasses.fields(answer)}
    return getattr(answer, "__dict__", {})


def known_to_runs(said: Mapping[str, Any]) -> dict[str, Any]:
    """What every run of a user finds in its `configurable`, under LangGraph's names.

    All of it, or a request could say the rest itself.
    """
    return {
        "langgraph_auth_user": said,
        "langgraph_auth_user_id": said["identity"],
        "langgraph_auth_permissions": said["permissions"],
        "user_id": said["identity"],
    }
