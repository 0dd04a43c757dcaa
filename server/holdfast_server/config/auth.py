"""The section `auth` of langgraph.json: which object of the user's says who calls and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from holdfast_server.config.section import ObjectPath, Section
from holdfast_server.errors import ConfigError

# `disable_studio_auth` needs nothing from us: there is no way around the handler to disable.
# `cache` neither: the handler is asked on every request, so that a revoked token is refused at once.
_KNOWN = ("path", "disable_studio_auth", "openapi", "cache")


@dataclass(frozen=True)
class AuthConfig:
    """Where the `langgraph_sdk.Auth` object lives, and what the API's documentation says of it."""

    handler: ObjectPath
    openapi: Mapping[str, Any] = field(default_factory=dict)
    unknown_keys: tuple[str, ...] = ()


def read_auth(path: Path, value: object) -> AuthConfig | None:
    """The section; None when langgraph.json has none.

    Raises:
        ConfigError: there is one and it names no handler; the house must not stand open by mistake.
    """
    if value is None:
        return None
    section = Section.of(path, "auth", value)
    section.flag("disable_studio_auth")
    handler = section.object_path("path")
    if handler is None:
        raise ConfigError(
            f'{path}: "auth" names no handler; add "path": "./auth.py:auth", '
            'or remove "auth" to let everybody in'
        )
    openapi = section.section("openapi")
    return AuthConfig(handler, openapi.values if openapi else {}, section.unknown(_KNOWN))
