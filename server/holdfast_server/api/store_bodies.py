"""What clients may send to the routes of long-term memory. Unknown fields are ignored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from holdfast_server.api.bodies import Body, Json
from holdfast_server.api.lifetime_bodies import Minutes

IndexPath = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class ItemPut(Body):
    """An item; `ttl` in minutes, `index` false or the paths to embed."""

    namespace: list[str]
    key: str
    value: Json
    index: Literal[False] | list[IndexPath] | None = None
    ttl: Minutes | None = None


class ItemDelete(Body):
    """Which item."""

    namespace: list[str] = Field(default_factory=list)
    key: str


class ItemSearch(Body):
    """Which items, in a namespace and all below it."""

    namespace_prefix: list[str] | None = None
    filter: Json | None = None
    limit: int = Field(default=10, ge=1, le=10_000)
    offset: int = Field(default=0, ge=0, le=2**31)
    query: str | None = None
    refresh_ttl: bool | None = None


class NamespaceSearch(Body):
    """Which namespaces; a label `*` in prefix or suffix stands for any one label."""

    prefix: list[str] | None = None
    suffix: list[str] | None = None
    max_depth: int | None = Field(default=None, ge=1, le=10_000)
    limit: int = Field(default=100, ge=1, le=10_000)
    offset: int = Field(default=0, ge=0, le=2**31)
