"""The section `http` of langgraph.json: the user's own routes, and what of ours is served and to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from holdfast_server.config.section import ObjectPath, Section

Part = Literal["assistants", "threads", "runs", "store", "mcp", "a2a", "meta", "ui", "webhooks"]
PARTS: tuple[Part, ...] = (
    "assistants", "threads", "runs", "store", "mcp", "a2a", "meta", "ui", "webhooks",
)  # fmt: skip
_KNOWN = (
    "app", "cors", "configurable_headers", "logging_headers", "middleware_order", "enable_custom_route_auth",
    "mount_prefix", *(f"disable_{part}" for part in PARTS),
)  # fmt: skip
# They prove who somebody is; a run gets them only when they are asked for by their full name.
_SECRET = {"authorization", "proxy-authorization", "cookie", "x-api-key", "x-service-key"}


@dataclass(frozen=True)
class Cors:
    """Which pages of other origins may call; the default lets every page."""

    allow_origins: tuple[str, ...] = ("*",)
    allow_methods: tuple[str, ...] = ("*",)
    allow_headers: tuple[str, ...] = ("*",)
    allow_credentials: bool = False
    allow_origin_regex: str | None = None
    expose_headers: tuple[str, ...] = ()
    max_age: int = 600


@dataclass(frozen=True)
class HeaderPatterns:
    """Which request headers are meant; `*` stands for any characters, an exclusion wins."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def chosen(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The headers that are meant, by their lower-case names."""
        return {name.lower(): value for name, value in headers if self._means(name.lower())}

    def _means(self, name: str) -> bool:
        if any(fnmatchcase(name, pattern) for pattern in self.excludes):
            return False
        if name in _SECRET:
            return name in self.includes
        return any(fnmatchcase(name, pattern) for pattern in self.includes)


@dataclass(frozen=True)
class HttpConfig:
    """What the section says.

    Attributes:
        app: the user's own ASGI application.
        cors: None: the default.
        configurable_headers: request headers that every run finds in its `configurable`.
        custom_route_auth: the user's own routes ask the `auth` handler too.
        auth_first: the `auth` handler is asked before the user's middleware runs, and not after it.
        mount_prefix: under which path everything is served; empty, or `/` and a name.
        disabled: parts of the API that are not served.
    """

    app: ObjectPath | None = None
    cors: Cors | None = None
    configurable_headers: HeaderPatterns = field(default_factory=HeaderPatterns)
    custom_route_auth: bool = False
    auth_first: bool = False
    mount_prefix: str = ""
    disabled: frozenset[Part] = frozenset()
    unknown_keys: tuple[str, ...] = ()


def read_http(path: Path, value: object) -> HttpConfig:
    """The section; what is absent has its default.

    Raises:
        ConfigError: the sentence names the key and the mend.
    """
    http = Section.of(path, "http", value)
    cors, headers = http.section("cors"), http.section("configurable_headers")
    if (logged := http.section("logging_headers")) is not None:
        _patterns(logged)
    return HttpConfig(
        app=http.object_path("app"),
        cors=_cors(cors) if cors else None,
        configurable_headers=_patterns(headers) if headers else HeaderPatterns(),
        custom_route_auth=http.flag("enable_custom_route_auth"),
        auth_first=_auth_first(http),
        mount_prefix=_prefix(http),
        disabled=frozenset(part for part in PARTS if http.flag(f"disable_{part}")),
        unknown_keys=http.unknown(_KNOWN)
        + (cors.unknown(Cors.__dataclass_fields__) if cors else ())
        + (headers.unknown(("include", "includes", "exclude", "excludes")) if headers else ()),
    )


def _cors(section: Section) -> Cors:
    regex = section.text("allow_origin_regex")
    try:
        re.compile(regex or "")
    except re.error as error:
        raise section.wrong("allow_origin_regex", f"is no regular expression: {error}") from None
    origins, max_age = section.names("allow_origins"), section.whole("max_age", at_least=0)
    anywhere: tuple[str, ...] = () if regex else ("*",)
    methods, headers = section.names("allow_methods"), section.names("allow_headers")
    return Cors(
        allow_origins=anywhere if origins is None else origins,
        allow_methods=("*",) if methods is None else methods,
        allow_headers=("*",) if headers is None else headers,
        allow_credentials=section.flag("allow_credentials"),
        allow_origin_regex=regex,
        expose_headers=section.names("expose_headers") or (),
        max_age=600 if max_age is None else max_age,
    )


def _patterns(section: Section) -> HeaderPatterns:
    def named(*keys: str) -> tuple[str, ...]:
        return tuple(pattern.lower() for key in keys for pattern in section.names(key) or ())

    return HeaderPatterns(includes=named("include", "includes"), excludes=named("exclude", "excludes"))


def _auth_first(section: Section) -> bool:
    order = section.text("middleware_order")
    if order not in (None, "auth_first", "middleware_first"):
        raise section.wrong("middleware_order", 'must be "auth_first" or "middleware_first"')
    return order == "auth_first"


def _prefix(section: Section) -> str:
    prefix = (section.text("mount_prefix") or "").rstrip("/")
    if prefix and not prefix.startswith("/"):
        raise section.wrong("mount_prefix", 'must begin with "/", as in "/agents"')
    return prefix
