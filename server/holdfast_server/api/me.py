"""Who am I: what a caller finds out about themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from holdfast_server.access.permissions import ordered
from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.reply import JsonReply

router = APIRouter(prefix="/holdfast", tags=["operations"])
Wiring = Annotated[Backend, Depends(backend_of)]


@router.get("/me")
async def me(wiring: Wiring) -> Response:
    """Tenant, user, roles, what these permit, and how we know."""
    caller = wiring.caller
    user = caller.user_id if caller.user_id is not None else (caller.user or {}).get("identity")
    return JsonReply(
        {
            "tenant": caller.tenant,
            "user": user,
            "roles": sorted(caller.roles),
            "permissions": ordered(caller.permissions),
            "how": caller.how,
        }
    )
