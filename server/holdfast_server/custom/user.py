"""The user, out of what an `authenticate` handler answers: a name, a dict, an object with an identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph_sdk.auth.types import BaseUser

from holdfast_server.access.user import User


def user_of(answer: Any) -> User | None:
    """The user; None when the answer names nobody."""
    if not (isinstance(answer, str | Mapping) or hasattr(answer, "identity")):
        return None
    user = User(answer)
    found = user._found("identity", None)
    return user if found is not None and str(found) else None


def native(answer: Any, user: User) -> Any:
    """What `on` handlers get as `ctx.user`: the handler's own object where it is a whole user."""
    return answer if isinstance(answer, BaseUser) and not isinstance(answer, Mapping) else user
