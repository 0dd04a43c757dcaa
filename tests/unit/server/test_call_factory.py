"""A factory is called with what its parameters ask for, by type first, then by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph_sdk.runtime import ServerRuntime

from holdfast_server.graphs.factory import READING, Occasion, call_factory

CONFIG: RunnableConfig = {"configurable": {"langgraph_auth_user": {"identity": "ada", "role": "admin"}}}
RUN = Occasion("threads.create_run", context={"size": 3})


@dataclass
class Wishes:
    """A context of which everything may be left out."""

    size: int = 1


def nothing() -> Any:
    return ()


def some_name(given: Any) -> Any:
    return (given,)


def typed_config(c: RunnableConfig | None = None, *rest: Any, **more: Any) -> Any:
    return (c, *rest, *more)


def named(config: Any = None, runtime: Any = None, other: str = "kept") -> Any:
    return config, runtime.access_context, other


def typed_runtime(*, server: ServerRuntime[Wishes]) -> Any:
    running = server.execution_runtime
    return (running.context if running else None,)


def bare_runtime(server: ServerRuntime, config: RunnableConfig) -> Any:  # type: ignore[type-arg]
    running = server.execution_runtime
    return running and running.context, config


@pytest.mark.parametrize(
    ("factory", "found"),
    [
        (nothing, ()),
        (some_name, (CONFIG,)),
        (named, (CONFIG, "threads.create_run", "kept")),
        (typed_runtime, (Wishes(size=3),)),
        (bare_runtime, ({"size": 3}, CONFIG)),
    ],
)
def test_each_parameter_gets_what_it_asks_for(factory: Any, found: Any) -> None:
    assert call_factory(factory, CONFIG, RUN) == found


def test_arguments_that_collect_get_nothing() -> None:
    assert call_factory(typed_config, CONFIG, RUN) == (None,)


def test_a_look_at_the_state_is_no_execution() -> None:
    assert call_factory(typed_runtime, CONFIG, READING) == (None,)


def test_a_run_without_a_context_has_the_defaults_of_its_type() -> None:
    assert call_factory(typed_runtime, CONFIG, Occasion("threads.create_run")) == (Wishes(size=1),)


def test_the_user_is_read_by_attribute_and_by_key() -> None:
    user = call_factory(lambda runtime: runtime.ensure_user(), CONFIG, READING)
    assert (user.identity, user["role"]) == ("ada", "admin")
    with pytest.raises(AttributeError, match="said no 'email'"):
        _ = user.email


def test_without_a_handler_there_is_no_user() -> None:
    assert call_factory(lambda runtime: runtime.user, {}, READING) is None
