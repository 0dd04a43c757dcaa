"""The parts of the API that `http.disable_…` of langgraph.json takes away."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fastapi import APIRouter
from starlette.routing import BaseRoute

from holdfast_server.config.http import Part

_BY_FIRST: dict[str, Part] = {
    "assistants": "assistants", "threads": "threads", "runs": "runs", "store": "store", "mcp": "mcp",
    "a2a": "a2a", ".well-known": "a2a", "ui": "ui", "info": "meta", "metrics": "meta", "docs": "meta",
    "openapi.json": "meta",
}  # fmt: skip
# Below a thread these start or follow runs.
_OF_RUNS = ("runs", "commands")


def part_of(path: str) -> Part | None:
    """The part that a route belongs to; None for what is always served."""
    names = path.strip("/").split("/")
    if names[0] == "threads" and (
        (len(names) > 2 and names[2] in _OF_RUNS) or names[2:4] == ["stream", "events"]
    ):
        return "runs"
    return _BY_FIRST.get(names[0])


def served(routers: Iterable[APIRouter], disabled: Collection[Part]) -> list[APIRouter]:
    """The routers without the routes of these parts."""
    return [_without(router, disabled) for router in routers] if disabled else list(routers)


def _without(router: APIRouter, disabled: Collection[Part]) -> APIRouter:
    kept = APIRouter()
    kept.routes.extend(route for route in router.routes if part_of(_path(route)) not in disabled)
    return kept


def _path(route: BaseRoute) -> str:
    return str(getattr(route, "path", ""))
