"""The arguments of a tool as JSON Schema 2020-12."""

import inspect
import warnings
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, JsonValue, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from holdfast_tools.errors import BadTool

DIALECT = "https://json-schema.org/draft/2020-12/schema"

RESERVED = frozenset({"config", "run_manager", "callbacks"})
"""Names that LangChain fills itself."""

_VARIADIC = inspect.Parameter.VAR_KEYWORD
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def arguments_model(name: str, function: Callable[..., Any]) -> type[BaseModel]:
    """A pydantic model of the arguments of `function`; LangChain's `config` parameter is left out.

    Raises:
        BadTool: an argument has no type, cannot be passed by name, or has a type without a JSON Schema.
    """
    hints = _hints(name, function)
    parameters = [
        p for p in inspect.signature(function).parameters.values() if not _is_config(hints.get(p.name))
    ]
    open_ended = any(p.kind is _VARIADIC for p in parameters)
    fields = {p.name: _field(name, p, hints) for p in parameters if p.kind is not _VARIADIC}
    if open_ended and not fields:
        raise BadTool(f"tool {name} takes only **kwargs; name at least one argument")
    return _model(name, fields, extra_allowed=open_ended)


def schema_of(tool: BaseTool) -> dict[str, JsonValue]:
    """The JSON Schema that a call's arguments must satisfy.

    Schemas that come from types are closed: an argument nobody declared is refused, not dropped. A schema
    that was written by hand (an MCP server's) is taken as it stands.
    """
    declared = tool.tool_call_schema
    if isinstance(declared, dict):
        return {"$schema": DIALECT, **declared}
    schema = _typed_schema(tool, shown=set(_model_of(tool, declared).model_fields))
    definitions = schema.get("$defs")
    for part in (schema, *(definitions.values() if isinstance(definitions, dict) else ())):
        if isinstance(part, dict) and "properties" in part:
            part.setdefault("additionalProperties", False)
    return schema


def _typed_schema(tool: BaseTool, *, shown: set[str]) -> dict[str, JsonValue]:
    """The schema of the argument model, without the arguments that LangChain injects itself."""
    model = _model_of(tool, tool.get_input_schema())
    schema: dict[str, JsonValue] = dict(model.model_json_schema())
    properties, required = schema.get("properties"), schema.get("required")
    hidden = set(model.model_fields) - shown
    schema["properties"] = (
        {k: v for k, v in properties.items() if k not in hidden} if isinstance(properties, dict) else {}
    )
    if isinstance(required, list):
        schema["required"] = [name for name in required if name not in hidden]
    return {"$schema": DIALECT, **schema, "description": tool.description}


def _model_of(tool: BaseTool, schema: object) -> type[BaseModel]:
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema
    raise BadTool(f"tool {tool.name}: its arguments are no pydantic 2 model; declare args_schema as one")


def _hints(name: str, function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise BadTool(
            f"tool {name}: its types cannot be resolved ({error}); define them at the top of the module"
        ) from error


def _field(name: str, parameter: inspect.Parameter, hints: dict[str, Any]) -> tuple[Any, Any]:
    if parameter.kind not in _NAMED:
        raise BadTool(
            f"tool {name}: argument {parameter.name} cannot be passed by name; models only pass names"
        )
    if parameter.name in RESERVED:
        raise BadTool(
            f"tool {name}: LangChain keeps the name {parameter.name} for itself; rename the argument"
        )
    if parameter.name not in hints:
        raise BadTool(
            f"tool {name}: argument {parameter.name} has no type; write {parameter.name}: str, for instance"
        )
    required = parameter.default is inspect.Parameter.empty
    return hints[parameter.name], ... if required else parameter.default


def _is_config(hint: object) -> bool:
    return hint is RunnableConfig or RunnableConfig in get_args(hint)


def _model(name: str, fields: dict[str, Any], *, extra_allowed: bool) -> type[BaseModel]:
    config = ConfigDict(
        extra="allow" if extra_allowed else "forbid", arbitrary_types_allowed=True, protected_namespaces=()
    )
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Field name .* shadows an attribute in parent")
            model: type[BaseModel] = create_model(name, __config__=config, **fields)
        model.model_json_schema()
    except (PydanticUserError, PydanticSchemaGenerationError, NameError, TypeError) as error:
        raise BadTool(
            f"tool {name}: its arguments have no JSON Schema ({error}); use types that JSON can carry"
        ) from error
    return model
