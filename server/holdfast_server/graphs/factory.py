"""Calls a user's graph factory with what its parameters ask for: the config, the server's runtime."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from langchain_core.runnables import RunnableConfig
from langgraph.store.base import BaseStore
from langgraph_sdk.runtime import AccessContext, ServerRuntime

from holdfast_server.compat.langgraph import ExecutionRuntime, ReadRuntime, coerce_context

_COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class User(dict[str, Any]):
    """The caller as the auth handler described it, by key and by attribute."""

    def __getattr__(self, name: str) -> Any:
        """A field of the handler's answer."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the auth handler said no {name!r} of the user") from None


@dataclass(frozen=True)
class Occasion:
    """Why a graph is needed: `threads.create_run`, `threads.update`, `threads.read` or `assistants.read`.

    Args:
        access: the reason.
        context: of the run; only for `threads.create_run`.
        store: long-term memory.
    """

    access: AccessContext
    context: Mapping[str, Any] | None = None
    store: BaseStore | None = None


READING = Occasion("threads.read")


def call_factory(factory: Callable[..., Any], config: RunnableConfig, occasion: Occasion) -> Any:
    """What the factory makes: a graph, an awaitable, or a context manager."""
    signature = inspect.signature(factory)
    hints = _hints(factory)
    bound = signature.bind_partial()
    for name, parameter in signature.parameters.items():
        hint = hints.get(name, parameter.annotation)
        if parameter.kind in _COLLECTING:
            continue
        if name == "runtime" or ServerRuntime in (hint, get_origin(hint)):
            bound.arguments[name] = _runtime(config, occasion, get_args(hint))
        elif name == "config" or hint is RunnableConfig or parameter.default is parameter.empty:
            bound.arguments[name] = config
    return factory(*bound.args, **bound.kwargs)


def _runtime(config: RunnableConfig, occasion: Occasion, schema: tuple[Any, ...]) -> Any:
    said = config.get("configurable", {}).get("langgraph_auth_user")
    common: dict[str, Any] = {
        "access_context": occasion.access,
        "user": User(said) if isinstance(said, dict) else said,
        "store": occasion.store,
    }
    if occasion.access != "threads.create_run":
        return ReadRuntime(**common)
    context: Any = occasion.context
    if schema and inspect.isclass(schema[0]):
        context = coerce_context(schema[0], dict(context or {}))
    return ExecutionRuntime(**common, context=context)


def _hints(factory: Callable[..., Any]) -> dict[str, Any]:
    # Types that exist only while checking, or a callable that is no function: names must do then.
    try:
        return get_type_hints(factory)
    except Exception:
        return {}
