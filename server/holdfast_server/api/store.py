"""Long-term memory: items under namespaces, that outlive threads. A worker answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from holdfast_server import wire
from holdfast_server.access.gatekeeper import Action
from holdfast_server.access.visible import Visible
from holdfast_server.api.ask import ask_any
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.body import body_of, storable, takes
from holdfast_server.api.reply import JsonText
from holdfast_server.api.store_bodies import ItemDelete, ItemPut, ItemSearch, NamespaceSearch
from holdfast_server.errors import ApiError

router = APIRouter(prefix="/store", tags=["store"])
Wiring = Annotated[Backend, Depends(backend_of)]

# An index row of PostgreSQL holds some 2700 bytes, of which the path of an embedded field needs a part.
_LONGEST = 2000


@router.put("/items", status_code=204, openapi_extra=takes(ItemPut))
async def put(wiring: Wiring, body: Annotated[ItemPut, Depends(body_of(ItemPut))]) -> Response:
    """Stores an item, in place of the one that was there."""
    value = body.model_dump() | {"namespace": tuple(body.namespace)}
    question = await _permitted(wiring, "put", value)
    _check_address(question["namespace"], question["key"])
    if question["namespace"][0] == "langgraph":
        raise ApiError(400, 'Root label for namespace cannot be "langgraph"; choose another')
    if not isinstance(question["value"], dict):
        raise ApiError(422, f"value is a {type(question['value']).__name__}; it must be an object")
    await ask_any(wiring, "store.put", {name: storable(name, part) for name, part in question.items()})
    return Response(status_code=204)


@router.get("/items")
async def get(
    wiring: Wiring,
    key: str | None = None,
    namespace: Annotated[list[str] | None, Query()] = None,
    refresh_ttl: bool | None = None,
) -> Response:
    """One item, or null; the labels of the namespace are joined by dots."""
    if not key:
        raise ApiError(400, "Key is required")
    value = {"namespace": tuple(_labels(namespace)), "key": key, "refresh_ttl": refresh_ttl}
    question = await _permitted(wiring, "get", value)
    _check_address(question["namespace"], question["key"])
    return JsonText(await ask_any(wiring, "store.get", question))


@router.delete("/items", status_code=204, openapi_extra=takes(ItemDelete))
async def delete(wiring: Wiring, body: Annotated[ItemDelete, Depends(body_of(ItemDelete))]) -> Response:
    """Deletes an item, if it is there."""
    value = body.model_dump() | {"namespace": tuple(body.namespace)}
    question = await _permitted(wiring, "delete", value)
    _check_address(question["namespace"], question["key"])
    await ask_any(wiring, "store.delete", question)
    return Response(status_code=204)


@router.post("/items/search", openapi_extra=takes(ItemSearch))
async def search(wiring: Wiring, body: Annotated[ItemSearch, Depends(body_of(ItemSearch))]) -> Response:
    """Finds items below a namespace by their fields, and by meaning where an index is configured."""
    value = body.model_dump(exclude={"namespace_prefix"})
    question = await _permitted(wiring, "search", value | {"namespace": tuple(body.namespace_prefix or ())})
    for name in ("filter", "query"):
        storable(name, question[name])
    return JsonText(await ask_any(wiring, "store.search", question))


@router.post("/namespaces", openapi_extra=takes(NamespaceSearch))
async def namespaces(
    wiring: Wiring, body: Annotated[NamespaceSearch, Depends(body_of(NamespaceSearch))]
) -> Response:
    """Lists the namespaces that hold items."""
    value = body.model_dump(exclude={"prefix"}) | {"namespace": tuple(body.prefix or ())}
    value["suffix"] = tuple(body.suffix or ())
    question = await _permitted(wiring, "list_namespaces", value)
    question["suffix"] = _checked_labels(question["suffix"] or ())
    return JsonText(await ask_any(wiring, "store.namespaces", question))


async def _permitted(backend: Backend, action: Action, value: dict[str, Any]) -> dict[str, Any]:
    """The question as the caller's permissions leave it: a handler may move it to the caller's own namespace.

    An item has no metadata, so a filter has nothing to match but the namespace: what it asks of other fields
    is ignored, as in LangGraph's server; only the namespace and a refusal keep callers apart.
    """
    _checked_labels(value["namespace"])
    visible = await backend.allow("store", action, value)
    return value | {"namespace": _filtered(visible, _checked_labels(value["namespace"] or ()), action)}


def _filtered(visible: Visible, namespace: list[str], action: Action) -> list[str]:
    """The namespace, if it lies in one that the handler's filter names; a search of everything moves there.

    Raises:
        ApiError: 403.
    """
    if visible is None:
        return namespace
    allowed = [_listed(wire.loads(document).get("namespace", [])) for document in visible]
    if any(set(labels) <= set(namespace) for labels in allowed):
        return namespace
    if not namespace and action in ("search", "list_namespaces") and len(allowed) == 1:
        return _checked_labels(allowed[0])
    raise ApiError(403, "Forbidden")


def _listed(labels: Any) -> list[Any]:
    return labels if isinstance(labels, list) else [labels]


def _labels(given: list[str] | None) -> list[str]:
    """A namespace out of a query: joined by dots, repeated, or a JSON array."""
    parts = [part for part in given or [] if part]
    if len(parts) == 1 and parts[0].startswith("["):
        try:
            listed = wire.loads(parts[0])
        except ValueError:
            return parts
        return listed if isinstance(listed, list) else parts
    return parts[0].split(".") if len(parts) == 1 else parts


def _checked_labels(namespace: Iterable[Any]) -> list[str]:
    labels = list(namespace)
    for label in labels:
        if not isinstance(label, str) or not label or "." in label or "\x00" in label:
            raise ApiError(
                422,
                f"Invalid namespace label {label!r}; a label is a string that is not empty and has no '.'",
            )
    return labels


def _check_address(namespace: list[str], key: str) -> None:
    if not namespace:
        raise ApiError(400, "Namespace cannot be empty")
    storable("key", key)
    if len(".".join([*namespace, key]).encode()) > _LONGEST:
        raise ApiError(422, f"namespace and key are longer than {_LONGEST} bytes together; shorten them")
