"""Declaring tools: what `@tool` reads from a function, and what it refuses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import InjectedToolCallId
from langchain_core.tools import tool as langchain_tool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from holdfast_tools import Approval, Budget, Policy, current_call, policy_of, tool
from holdfast_tools.errors import BadPolicy, BadTool, NotInToolCall


class Line(BaseModel):
    """One line of an invoice."""

    text: str
    cents: int


class Address(TypedDict):
    """Where to send it."""

    city: str


@tool(effect="at_most_once")
async def pay(
    amount: Annotated[float, Field(gt=0, description="In whole units.")],
    currency: Literal["USD", "EUR"],
    lines: list[Line],
    to: Address | None = None,
) -> dict[str, object]:
    """Pay one invoice."""
    return {"paid": amount, "line": lines[0].text, "to": to}


def test_the_schema_describes_every_argument_and_is_closed_at_every_level() -> None:
    schema: Any = pay.input_schema_2020
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["properties"]["amount"] | {"title": ""} == {
        "type": "number",
        "exclusiveMinimum": 0,
        "description": "In whole units.",
        "title": "",
    }
    assert schema["required"] == ["amount", "currency", "lines"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Line"]["additionalProperties"] is False
    assert schema["$defs"]["Address"]["additionalProperties"] is False


def test_the_model_is_offered_the_same_arguments() -> None:
    offered = convert_to_openai_tool(pay)["function"]
    assert offered["name"] == "pay"
    assert offered["description"] == "Pay one invoice."
    assert set(offered["parameters"]["properties"]) == {"amount", "currency", "lines", "to"}


async def test_arguments_arrive_as_the_declared_types_and_the_result_is_json() -> None:
    args = {"amount": 5, "currency": "EUR", "lines": [{"text": "ink", "cents": 500}], "to": {"city": "Bonn"}}
    assert await pay.ainvoke(args) == '{"paid": 5.0, "line": "ink", "to": {"city": "Bonn"}}'


async def test_a_sync_tool_works_both_ways() -> None:
    @tool(effect="read", name="shout", description="Shout a word.")
    def loud(word: str) -> str:
        return word.upper()

    assert (loud.name, loud.description) == ("shout", "Shout a word.")
    assert loud.invoke({"word": "hi"}) == "HI"
    assert await loud.ainvoke({"word": "hi"}) == "HI"


async def test_kwargs_open_the_schema_and_arrive() -> None:
    @tool(effect="read")
    async def search(query: str, **filters: str) -> str:
        """Search."""
        return f"{query} {filters}"

    assert search.input_schema_2020["additionalProperties"] is True
    assert await search.ainvoke({"query": "ink", "color": "blue"}) == "ink {'color': 'blue'}"


async def test_what_langchain_injects_is_hidden_from_the_model() -> None:
    @tool(effect="read")
    async def who(name: str, call_id: Annotated[str, InjectedToolCallId], config: RunnableConfig) -> str:
        """Say who asked."""
        return f"{name} {call_id} {config['configurable']['user']}"

    assert set(who.input_schema_2020["properties"]) == {"name"}  # type: ignore[arg-type]
    call = {"type": "tool_call", "id": "c1", "name": "who", "args": {"name": "Ann"}}
    message = await who.ainvoke(call, {"configurable": {"user": "u1"}})
    assert message.content == "Ann c1 u1"


def test_at_most_once_waits_for_a_person_unless_it_says_never() -> None:
    async def send(text: str) -> None:
        """Send."""

    rule = Approval(roles=("ops",))
    assert tool(effect="at_most_once")(send).approval == Approval()
    assert tool(effect="at_most_once", approval=False)(send).approval is None
    assert tool(effect="idempotent")(send).approval is None
    assert tool(effect="read", approval=True)(send).approval == Approval()
    assert tool(effect="read", approval=rule)(send).approval == rule


def test_a_foreign_tool_is_never_sent_twice_and_never_waits_by_itself() -> None:
    @langchain_tool
    def foreign(x: int) -> int:
        """Do something."""
        return x

    policy = policy_of(foreign)
    assert (policy.effect, policy.approval) == ("at_most_once", None)
    assert policy_of(pay).effect == "at_most_once"


def _no_docstring(x: int) -> int:
    return x


def _no_type(x) -> None:  # type: ignore[no-untyped-def]
    """Do it."""


def _only_kwargs(**parts: str) -> None:
    """Do it."""


def _positional(x: int, /) -> None:
    """Do it."""


def _reserved(config: str) -> None:
    """Do it."""


def _sync(x: int) -> None:
    """Do it."""


def _unresolved(x: "Nowhere") -> None:  # type: ignore[name-defined]  # noqa: F821
    """Do it."""


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        (lambda: tool(effect="read")(_no_docstring), "no description; give it a docstring"),
        (lambda: tool(effect="read")(_no_type), "argument x has no type"),
        (lambda: tool(effect="read")(_only_kwargs), "only **kwargs"),
        (lambda: tool(effect="read")(_positional), "cannot be passed by name"),
        (lambda: tool(effect="read")(_reserved), "keeps the name config for itself"),
        (lambda: tool(effect="read")(_unresolved), "types cannot be resolved"),
        (lambda: tool(effect="transactional")(_sync), "must be `async def`"),
        (lambda: tool(effect="once")(_sync), "effect 'once' is unknown"),  # type: ignore[arg-type]
        (lambda: tool(effect="read", timeout=timedelta(0))(_sync), "no positive timedelta"),
        (lambda: tool(effect="read", approval="yes")(_sync), "approval='yes'"),  # type: ignore[arg-type]
        (lambda: Approval(when="amount > 500"), "pass a callable"),  # type: ignore[arg-type]
        (lambda: Approval(roles="finance"), "pass a tuple"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_declaration_is_refused_with_the_remedy(declare: Callable[[], object], says: str) -> None:
    with pytest.raises(BadTool) as refused:
        declare()
    assert says in str(refused.value)


def test_a_budget_of_nothing_is_refused() -> None:
    with pytest.raises(BadPolicy, match=r"Budget\(steps=0\)"):
        Budget(steps=0)


def test_a_policy_takes_any_set_of_names_but_no_single_string() -> None:
    assert Policy(approve={"pay"}).approve == frozenset({"pay"})  # type: ignore[arg-type]
    with pytest.raises(BadPolicy, match="one string"):
        Policy(approve="pay")  # type: ignore[arg-type]


def test_current_call_outside_a_tool_says_where_to_read_it() -> None:
    with pytest.raises(NotInToolCall, match="read it inside a tool"):
        current_call()
