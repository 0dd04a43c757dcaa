"""Request headers that every run of their sender finds in its `configurable`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import HTTPConnection

from holdfast_server.access.gatekeeper import Action, Gatekeeper, Resource
from holdfast_server.access.principal import Principal
from holdfast_server.access.visible import Visible
from holdfast_server.config.http import HeaderPatterns


@dataclass(frozen=True)
class HeaderBearer:
    """A gatekeeper that lets callers bring headers along; what it says about the user wins over a header."""

    gatekeeper: Gatekeeper
    patterns: HeaderPatterns

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        """Who calls, with the chosen headers."""
        caller = await self.gatekeeper.authenticate(connection)
        brought = self.patterns.chosen(connection.headers.items())
        return replace(caller, configurable={**brought, **caller.configurable}) if brought else caller

    async def authorize(
        self, caller: Principal, resource: Resource, action: Action, value: dict[str, Any]
    ) -> Visible:
        """As the gatekeeper says."""
        return await self.gatekeeper.authorize(caller, resource, action, value)
