"""The `@tool` decorator: a function, and the contract under which a model may call it."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Any, get_args

from langchain_core.callbacks import AsyncCallbackManagerForToolRun, CallbackManagerForToolRun
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from pydantic import ConfigDict, JsonValue

from holdfast_tools.errors import BadTool
from holdfast_tools.ledger import EffectKind
from holdfast_tools.policy import Approval, ToolPolicy
from holdfast_tools.result import text_of
from holdfast_tools.schema import arguments_model, schema_of

DEFAULT_TIMEOUT = timedelta(seconds=30)


class HoldfastTool(StructuredTool):
    """A LangChain tool that knows its effect, its timeout and its approval rule.

    It works wherever LangChain takes a tool; the contract is kept where a `Gateway` runs it.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    effect: EffectKind
    timeout: timedelta
    approval: Approval | None

    @cached_property
    def input_schema_2020(self) -> dict[str, JsonValue]:
        """The arguments as JSON Schema 2020-12, closed to others unless the function takes **kwargs."""
        return schema_of(self)

    # LangChain reads these signatures to decide what to pass.
    def _run(
        self,
        *args: Any,
        config: RunnableConfig,
        run_manager: CallbackManagerForToolRun | None = None,
        **kwargs: Any,
    ) -> Any:
        return text_of(super()._run(*args, config=config, run_manager=run_manager, **kwargs))

    async def _arun(
        self,
        *args: Any,
        config: RunnableConfig,
        run_manager: AsyncCallbackManagerForToolRun | None = None,
        **kwargs: Any,
    ) -> Any:
        return text_of(await super()._arun(*args, config=config, run_manager=run_manager, **kwargs))


def tool(
    *,
    effect: EffectKind,
    timeout: timedelta = DEFAULT_TIMEOUT,
    approval: Approval | bool | None = None,
    name: str | None = None,
    description: str | None = None,
) -> Callable[[Callable[..., Any]], HoldfastTool]:
    """Declare a function as a tool, together with what may happen when it is called.

    `approval`: True or an `Approval` makes calls wait for a person, False never does, and None waits exactly
    when the effect is `at_most_once`. A sync function runs in a thread, which a timeout abandons but cannot
    kill.

    >>> @tool(effect="at_most_once", approval=Approval(when=lambda args: args["amount"] > 500))
    ... async def pay_invoice(invoice_id: str, amount: float) -> str:
    ...     '''Pay one invoice.'''

    Raises:
        BadTool: the declaration cannot work; the message says why and what to write instead.
    """

    def decorate(function: Callable[..., Any]) -> HoldfastTool:
        tool_name = name or str(getattr(function, "__name__", type(function).__name__))
        _check_declaration(tool_name, function, effect, timeout)
        is_async = inspect.iscoroutinefunction(function)
        return HoldfastTool(
            name=tool_name,
            description=_description(tool_name, function, description),
            func=None if is_async else function,
            coroutine=function if is_async else None,
            args_schema=arguments_model(tool_name, function),
            effect=effect,
            timeout=timeout,
            approval=_approval(effect, approval),
        )

    return decorate


def policy_of(tool: BaseTool) -> ToolPolicy:
    """The rules under which `tool` runs.

    A tool from elsewhere never said what sending it twice would do, so it is treated as `at_most_once` with
    the default timeout; it waits for a person only when `Policy.approve` names it.
    """
    if isinstance(tool, HoldfastTool):
        return ToolPolicy(tool.effect, tool.timeout, tool.approval)
    return ToolPolicy("at_most_once", DEFAULT_TIMEOUT, None)


def _check_declaration(name: str, function: object, effect: str, timeout: timedelta) -> None:
    if effect not in get_args(EffectKind):
        raise BadTool(
            f"tool {name}: effect {effect!r} is unknown; choose one of {', '.join(get_args(EffectKind))}"
        )
    if not callable(function):
        raise BadTool(f"tool {name}: {function!r} is no function; write @tool(effect=…) above a def")
    if not isinstance(timeout, timedelta) or timeout <= timedelta(0):
        raise BadTool(
            f"tool {name}: timeout {timeout!r} is no positive timedelta; write timedelta(seconds=30)"
        )
    if effect == "transactional" and not inspect.iscoroutinefunction(function):
        raise BadTool(
            f"tool {name}: a transactional tool must be `async def`; it works on an async connection, "
            "and a thread left behind by a timeout could not be rolled back"
        )


def _description(name: str, function: Callable[..., Any], description: str | None) -> str:
    text = description or inspect.getdoc(function)
    if not text or not text.strip():
        raise BadTool(
            f"tool {name} has no description; give it a docstring, the model reads it to choose a tool"
        )
    return text.strip()


def _approval(effect: EffectKind, approval: Approval | bool | None) -> Approval | None:
    match approval:
        case Approval():
            return approval
        case True:
            return Approval()
        case False:
            return None
        case None:
            return Approval() if effect == "at_most_once" else None
        case _:
            raise BadTool(f"approval={approval!r} is not understood; pass an Approval, True, False or None")
