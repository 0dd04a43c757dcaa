"""The checks a call passes before it may run: its name, the shape of its arguments, and whether it must wait.

All are pure, and none raises, whatever a model wrote.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from itertools import islice

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from pydantic import JsonValue

from holdfast_tools.call import ToolCall
from holdfast_tools.decision import Deny
from holdfast_tools.policy import Approval
from holdfast_tools.result import excerpt

MAX_DEPTH = 64
MAX_ERRORS_READ = 500
MAX_ERRORS_SHOWN = 20
MAX_TOOLS_NAMED = 30

_MESSAGE_LIMIT = 240
_NAME_LIMIT = 80


def check_name(call: ToolCall, tools: Collection[str]) -> Deny | None:
    """Deny a tool that does not exist, with the nearest name and what there is."""
    if call.name in tools:
        return None
    names = sorted(tools)
    name = excerpt(call.name, _NAME_LIMIT)
    if not names:
        return Deny(f"There is no tool {name!r}; there are no tools at all. Answer without calling one.")
    near = get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    more = f" and {len(names) - MAX_TOOLS_NAMED} more" if len(names) > MAX_TOOLS_NAMED else ""
    return Deny(
        f"There is no tool {name!r}.{hint} The tools are: {', '.join(names[:MAX_TOOLS_NAMED])}{more}."
    )


def check_schema(call: ToolCall, schema: Mapping[str, JsonValue]) -> Deny | None:
    """Deny arguments that break `schema` (JSON Schema 2020-12), with every error and its JSON path.

    Nothing is coerced: "5" is no number. 1.0 is an integer, as JSON Schema has it. NaN, infinities and
    nesting deeper than `MAX_DEPTH` are refused before the schema is asked.
    """
    errors = list(islice(faults(call.args), MAX_ERRORS_READ)) or _schema_errors(call.args, schema)
    if not errors:
        return None
    count, pronoun = (
        ("1 wrong argument", "it") if len(errors) == 1 else (f"{len(errors)} wrong arguments", "them")
    )
    shown = "; ".join(errors[:MAX_ERRORS_SHOWN])
    more = f"; and {len(errors) - MAX_ERRORS_SHOWN} more" if len(errors) > MAX_ERRORS_SHOWN else ""
    return Deny(f"{call.name} was called with {count}: {shown}{more}. Correct {pronoun} and call again.")


def why_hold(call: ToolCall, approval: Approval, schema: Mapping[str, JsonValue]) -> str | None:
    """Why `call` has to wait under `approval`, or None when it need not. A rule that raises makes it wait."""
    reason = approval.reason or f"{call.name} needs approval"
    if approval.when is None:
        return reason
    try:
        return reason if approval.when(with_defaults(call.args, schema)) else None
    except Exception as error:
        return f"{reason} (its approval rule failed with {excerpt(f'{type(error).__name__}: {error}', 200)})"


def with_defaults(args: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """`args` as the tool will see them: what was left out has its default."""
    properties = schema.get("properties")
    declared = properties if isinstance(properties, dict) else {}
    defaults = {
        name: part["default"]
        for name, part in declared.items()
        if isinstance(part, dict) and "default" in part
    }
    return {**defaults, **args}


def faults(args: Mapping[str, JsonValue]) -> Iterator[str]:
    """What no JSON Schema can see: numbers JSON does not have, and nesting that would exhaust the stack."""
    waiting: list[tuple[str, object, int]] = [("$", args, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            yield f"{excerpt(path, _NAME_LIMIT)}: is nested deeper than {MAX_DEPTH} levels"
        elif isinstance(value, float) and not math.isfinite(value):
            yield f"{excerpt(path, _NAME_LIMIT)}: {value} is not a JSON number"
        elif isinstance(value, Mapping):
            waiting.extend((f"{path}.{key}", part, depth + 1) for key, part in value.items())
        elif isinstance(value, (list, tuple)):
            waiting.extend((f"{path}[{index}]", part, depth + 1) for index, part in enumerate(value))


def _schema_errors(args: Mapping[str, JsonValue], schema: Mapping[str, JsonValue]) -> list[str]:
    try:
        errors = islice(Draft202012Validator(dict(schema)).iter_errors(dict(args)), MAX_ERRORS_READ)
        return [f"{excerpt(error.json_path, _NAME_LIMIT)}: {_message(error)}" for error in errors]
    except Exception as error:
        return [f"$: cannot be checked ({excerpt(f'{type(error).__name__}: {error}', _MESSAGE_LIMIT)})"]


def _message(error: ValidationError) -> str:
    """The rule that was broken; of a union, the rules of its branches."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        branches = dict.fromkeys(excerpt(part.message, _MESSAGE_LIMIT // 2) for part in error.context)
        return " and ".join(list(branches)[:4])
    return excerpt(error.message, _MESSAGE_LIMIT)
