"""Request bodies: JSON whatever the Content-Type says, checked, with errors as one sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from holdfast_server import wire
from holdfast_server.errors import ApiError
from holdfast_server.untrusted import TooMuch, parsed_aside

Model = TypeVar("Model", bound=BaseModel)


def body_of(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """A dependency that reads and checks a JSON body; Studio sends it as text/plain.

    Raises:
        ApiError: 422 with what is wrong.
    """

    async def read(request: Request) -> Model:
        return checked(model, await read_json(request))

    return read


def takes(model: Any) -> dict[str, Any]:
    """The OpenAPI entry of a route whose body `body_of` reads."""
    schema = TypeAdapter(model).json_schema(ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


async def read_json(request: Request) -> Any:
    """The JSON of a body; an empty body is an empty object.

    Raises:
        ApiError: 422, no JSON, nested too deeply, or of too many values.
    """
    raw = await request.body()
    if not raw.strip():
        return {}
    try:
        return await parsed_aside(raw)
    except TooMuch as error:
        raise ApiError(422, f"The body {error}") from None
    except ValueError as error:
        raise ApiError(422, f"Invalid JSON in request body: {error}") from None


def checked(model: type[Model], value: Any) -> Model:
    """The value as a model.

    Raises:
        ApiError: 422 with one sentence that names every wrong field.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        wrong = "; ".join(f"{_where(e['loc'])}: {e['msg']}" for e in error.errors(include_url=False)[:5])
        raise ApiError(422, f"The body does not fit: {wrong}") from None


def storable(name: str, value: Any) -> Any:
    """The value, if PostgreSQL's jsonb can hold it.

    Raises:
        ApiError: 422, naming the field.
    """
    if reason := wire.unstorable(value):
        raise ApiError(422, f"{name} {reason}; remove it")
    return value


def uuid_of(text: str, kind: str) -> UUID:
    """A UUID out of a path.

    Raises:
        ApiError: 422 in the words of the LangGraph Server.
    """
    try:
        return UUID(text)
    except ValueError:
        raise ApiError(422, f"Invalid {kind} ID: must be a UUID") from None


def _where(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"
