"""What every route answers: the OpenAPI document is completed from this table.

A route without a line here, and a line without a route, fail a test; so does, under fuzzing, an answer that
is not documented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from holdfast_server.api import shapes
from holdfast_server.api.shapes import Json

_REF = "#/components/schemas/{model}"
_JSON, _SSE, _TEXT, _HTML = "application/json", "text/event-stream", "text/plain", "text/html"
# Wherever we are: bad input, nobody we know, not allowed, too large, user code or worker or database silent.
_ANYWHERE = (401, 403, 413, 422, 503, 504)


@dataclass(frozen=True)
class Answer:
    """What a route answers.

    Attributes:
        shape: type of the JSON body; None for no body.
        status: of the good answer.
        also: statuses of bad answers that only some routes have.
        media: content types of the good answer.
        selected: a list whose items have only the fields that the request named.
        refusal: type of the body of these bad answers.
    """

    shape: Any = Any
    status: int = 200
    also: tuple[int, ...] = ()
    media: tuple[str, ...] = (_JSON,)
    selected: bool = False
    refusal: Any = shapes.Problem


def _json(shape: Any, *also: int) -> Answer:
    return Answer(shape, also=also)


def _selected(shape: Any, *also: int) -> Answer:
    return Answer(shape, also=also, selected=True)


def _empty(status: int, *also: int) -> Answer:
    return Answer(None, status=status, also=also)


def _stream(*also: int) -> Answer:
    return Answer(str, also=also, media=(_SSE,))


CONTRACT: dict[str, Answer] = {
    "GET /ok": _json(shapes.Health),
    "GET /info": _json(shapes.Info),
    "GET /metrics": Answer(Any, media=(_TEXT, _JSON)),
    "POST /assistants": _json(shapes.Assistant, 400, 404, 409),
    "POST /assistants/search": _selected(shapes.Assistant),
    "POST /assistants/count": _json(int),
    "GET /assistants/{assistant_id}": _json(shapes.Assistant, 404),
    "PATCH /assistants/{assistant_id}": _json(shapes.Assistant, 400, 404),
    "DELETE /assistants/{assistant_id}": _empty(204, 404),
    "GET /assistants/{assistant_id}/graph": _json(shapes.Drawing, 404),
    "GET /assistants/{assistant_id}/schemas": _json(shapes.Schemas, 404),
    "GET /assistants/{assistant_id}/subgraphs": _json(dict[str, shapes.Schemas], 404),
    "GET /assistants/{assistant_id}/subgraphs/{namespace}": _json(dict[str, shapes.Schemas], 404),
    "POST /assistants/{assistant_id}/versions": _json(list[shapes.Assistant], 404),
    "POST /assistants/{assistant_id}/latest": _json(shapes.Assistant, 404),
    "POST /threads": _json(shapes.Thread, 400, 404, 409),
    "POST /threads/search": _selected(shapes.Thread),
    "POST /threads/count": _json(int),
    "GET /threads/{thread_id}": _json(shapes.Thread, 404),
    "PATCH /threads/{thread_id}": _json(shapes.Thread, 404),
    "DELETE /threads/{thread_id}": _empty(204, 404),
    "POST /threads/{thread_id}/copy": _json(shapes.Thread, 404),
    "GET /threads/{thread_id}/state": _json(shapes.ThreadState, 400, 404),
    "GET /threads/{thread_id}/state/{checkpoint_id}": _json(shapes.ThreadState, 400, 404),
    "POST /threads/{thread_id}/state/checkpoint": _json(shapes.ThreadState, 400, 404),
    "POST /threads/{thread_id}/state": _json(shapes.UpdatedState, 400, 404, 409),
    "GET /threads/{thread_id}/history": _json(list[shapes.ThreadState], 400, 404),
    "POST /threads/{thread_id}/history": _json(list[shapes.ThreadState], 400, 404),
    "POST /threads/{thread_id}/runs": _json(shapes.Run, 400, 404, 409),
    "POST /threads/{thread_id}/runs/wait": _json(Any, 400, 404, 409),
    "POST /threads/{thread_id}/runs/stream": _stream(400, 404, 409),
    "GET /threads/{thread_id}/runs": _selected(shapes.Run, 404),
    "GET /threads/{thread_id}/runs/{run_id}": _json(shapes.Run, 404),
    "DELETE /threads/{thread_id}/runs/{run_id}": _empty(204, 404),
    "GET /threads/{thread_id}/runs/{run_id}/join": _json(Any, 404),
    "GET /threads/{thread_id}/runs/{run_id}/stream": _stream(404),
    "POST /threads/{thread_id}/runs/{run_id}/cancel": Answer(Any, also=(202, 404)),
    "POST /runs": _json(shapes.Run, 400, 404),
    "POST /runs/wait": _json(Any, 400, 404),
    "POST /runs/stream": _stream(400, 404),
    "POST /runs/batch": _json(list[shapes.Run], 400, 404),
    "POST /runs/cancel": _empty(204, 404),
    "GET /runs/{run_id}/join": _json(Any, 404),
    "GET /runs/{run_id}/stream": _stream(404),
    "GET /threads/{thread_id}/stream": _stream(404),
    "POST /threads/{thread_id}/stream/events": _stream(400, 404),
    "POST /threads/{thread_id}/commands": Answer(Any, also=(400, 404), refusal=shapes.CommandRefused),
    "POST /threads/prune": _json(shapes.Pruned),
    "GET /threads/{thread_id}/storage": _json(shapes.Storage, 404),
    "PUT /store/items": _empty(204, 400),
    "GET /store/items": _json(shapes.Item | None, 400),
    "DELETE /store/items": _empty(204, 400),
    "POST /store/items/search": _json(shapes.FoundItems, 400),
    "POST /store/namespaces": _json(shapes.Namespaces, 400),
    "POST /runs/crons": _json(shapes.Cron, 400, 404),
    "POST /threads/{thread_id}/runs/crons": _json(shapes.Cron, 400, 404),
    "POST /runs/crons/search": _selected(shapes.Cron),
    "POST /runs/crons/count": _json(int),
    "GET /runs/crons/{cron_id}": _json(shapes.Cron, 404),
    "PATCH /runs/crons/{cron_id}": _json(shapes.Cron, 400, 404),
    "DELETE /runs/crons/{cron_id}": _empty(204, 404),
    "GET /holdfast/crons/{cron_id}/firings": _json(list[Json], 404),
    "GET /holdfast/webhooks": _json(list[Json]),
    "POST /mcp": Answer(Any, also=(202, 400, 404, 406, 415, 500), media=(_JSON, _SSE), refusal=Any),
    "GET /mcp": Answer(shapes.Problem, status=405),
    "DELETE /mcp": Answer(shapes.Problem, status=404),
    "POST /a2a/{assistant_id}": Answer(Any, also=(400, 404, 500), media=(_JSON, _SSE), refusal=Any),
    "GET /a2a/{assistant_id}/.well-known/agent-card.json": _json(Json, 404),
    "GET /.well-known/agent-card.json": _json(Json, 400, 404),
    "GET /holdfast/me": _json(shapes.Me),
    "GET /holdfast/workers": _json(list[Json]),
    "GET /holdfast/queue": _json(Json),
    "GET /holdfast/graphs": _json(list[Json]),
    "GET /holdfast/threads/{thread_id}/effects": _json(list[Json], 404),
}

# Answers without a body, among the `also`.
_WITHOUT_BODY = (202, 204)


def describe(app: FastAPI) -> Json:
    """The OpenAPI document of an application."""
    document = get_openapi(title=app.title, version=app.version, routes=app.routes, summary=app.summary)
    components = document.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    for line, operation in _operations(document):
        if line in CONTRACT:
            operation["responses"] = _responses(CONTRACT[line], components)
        _hoist(operation.get("requestBody"), components)
        _say_uuid(operation.get("parameters", []))
    return document


def undocumented(document: Json) -> list[str]:
    """The routes of a document that have no line in the table."""
    return [line for line, _ in _operations(document) if line not in CONTRACT]


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", operation


def _responses(answer: Answer, components: Json) -> Json:
    problem = _schema(shapes.Problem, components)
    responses = {str(answer.status): _good(answer, components)}
    refusal = _schema(answer.refusal, components)
    for status in sorted({*answer.also, *_ANYWHERE}):
        schema = refusal if status in answer.also else problem
        bad = {} if status in _WITHOUT_BODY else {"content": {_JSON: {"schema": schema}}}
        responses[str(status)] = {"description": HTTPStatus(status).phrase, **bad}
    return responses


def _good(answer: Answer, components: Json) -> Json:
    said: Json = {"description": HTTPStatus(answer.status).phrase}
    if answer.shape is not None:
        schema = _schema(answer.shape, components)
        if answer.selected:
            fields = components[answer.shape.__name__]
            schema = {"type": "array", "items": {**fields, "required": []}}
        said["content"] = {media: {"schema": schema} for media in answer.media}
    return said


def _schema(shape: Any, components: Json) -> Json:
    schema = TypeAdapter(shape).json_schema(ref_template=_REF, mode="serialization")
    components |= schema.pop("$defs", {})
    if "title" in schema and schema.get("type") == "object":
        components[schema["title"]] = schema
        return {"$ref": _REF.format(model=schema["title"])}
    return schema


def _hoist(body: Json | None, components: Json) -> None:
    """Definitions inside a request body belong to the whole document."""
    for content in (body or {}).get("content", {}).values():
        components |= content["schema"].pop("$defs", {})


def _say_uuid(parameters: list[Json]) -> None:
    for parameter in parameters:
        if parameter["in"] == "path" and parameter["name"] in ("thread_id", "run_id", "cron_id"):
            parameter["schema"]["format"] = "uuid"
