"""The caller: on whose behalf a request acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Caller:
    """Who calls.

    Attributes:
        tenant: whose rows the request works on.
        user: what the `auth` handler said about the user, as JSON; None when nobody was asked.
        configurable: what every run of this caller gets into its `configurable`.
        native: the handler's own answer, for its `on` handlers.
    """

    tenant: str = "default"
    user: Mapping[str, Any] | None = None
    configurable: Mapping[str, Any] = field(default_factory=dict)
    native: Any = None
