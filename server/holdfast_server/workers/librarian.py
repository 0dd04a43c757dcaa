"""The librarian: answers the API's questions about long-term memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

from langgraph.store.base import NOT_PROVIDED, BaseStore, Item, SearchItem
from psycopg.rows import DictRow

from holdfast_server import wire
from holdfast_server.db.pool import Pool
from holdfast_server.errors import ApiError
from holdfast_server.memory.errors import EmbeddingFailed, NoVectors
from holdfast_server.memory.store import Memory
from holdfast_server.workers.desk import Answer

Question = Mapping[str, Any]


class StoreSubject:
    """Items of long-term memory; any worker can answer."""

    name = "librarian"
    channel: LiteralString = "holdfast_ask_any"
    statement = "take_open_ask"
    params: Mapping[str, Any] = {}

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def open(self, pool: Pool) -> Answer:
        """Answers by a store on the desk's event loop."""
        store = self._memory.open(pool)

        async def answer(row: DictRow) -> str:
            return wire.dumps_text(await answered(store, row["verb"], row["question"]))

        return answer


async def answered(store: BaseStore, verb: str, asked: Question) -> Any:
    """The answer to one question.

    Raises:
        ApiError: 422, the store cannot take the question; 502, no embedding; 503, no semantic search.
    """
    try:
        match verb:
            case "store.put":
                return await _put(store, asked)
            case "store.get":
                return await _get(store, asked)
            case "store.delete":
                return await store.adelete(_names(asked["namespace"]), asked["key"])
            case "store.search":
                return await _search(store, asked)
            case "store.namespaces":
                return await _namespaces(store, asked)
    except EmbeddingFailed as failure:
        raise ApiError(502, str(failure)) from None
    except NoVectors as missing:
        raise ApiError(503, str(missing)) from None
    except ValueError as refused:
        raise ApiError(422, str(refused)) from None
    raise ApiError(422, f"the store cannot answer {verb!r}")


async def _put(store: BaseStore, asked: Question) -> None:
    ttl = NOT_PROVIDED if asked["ttl"] is None else asked["ttl"]
    namespace = _names(asked["namespace"])
    await store.aput(namespace, asked["key"], asked["value"], index=asked["index"], ttl=ttl)


async def _get(store: BaseStore, asked: Question) -> dict[str, Any] | None:
    item = await store.aget(_names(asked["namespace"]), asked["key"], refresh_ttl=asked["refresh_ttl"])
    return None if item is None else _shown(item)


async def _search(store: BaseStore, asked: Question) -> dict[str, Any]:
    found = await store.asearch(
        _names(asked["namespace"]),
        query=asked["query"],
        filter=asked["filter"],
        limit=asked["limit"],
        offset=asked["offset"],
        refresh_ttl=asked["refresh_ttl"],
    )
    return {"items": [_shown(item) for item in found]}


async def _namespaces(store: BaseStore, asked: Question) -> dict[str, Any]:
    found = await store.alist_namespaces(
        prefix=_names(asked["namespace"]) or None,
        suffix=_names(asked["suffix"]) or None,
        max_depth=asked["max_depth"],
        limit=asked["limit"],
        offset=asked["offset"],
    )
    return {"namespaces": [list(names) for names in found]}


def _names(namespace: list[str] | None) -> tuple[str, ...]:
    return tuple(namespace or ())


def _shown(item: Item) -> dict[str, Any]:
    shown = {
        "namespace": list(item.namespace),
        "key": item.key,
        "value": item.value,
        "created_at": item.created_at,
        "updated_at": item.updated_at,
    }
    return shown | {"score": item.score} if isinstance(item, SearchItem) else shown
