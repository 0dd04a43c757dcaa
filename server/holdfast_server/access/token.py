"""What a JWT says of itself, unchecked: enough to find who is to check it."""

from __future__ import annotations

import base64
from typing import Any

from holdfast_server import wire
from holdfast_server.errors import ApiError

INVALID = {"www-authenticate": 'Bearer error="invalid_token"'}


def issuer_of(token: str) -> str | None:
    """Who a token says it is from; None when it is no JWT."""
    if token.count(".") != 2:
        return None
    try:
        issuer = part_of(token, 1).get("iss")
    except ApiError:
        return None
    return issuer if isinstance(issuer, str) else None


def part_of(token: str, number: int) -> dict[str, Any]:
    """The header (0) or the claims (1) of a token.

    Raises:
        ApiError: 401, it is no JWT.
    """
    try:
        text = token.split(".")[number].encode("ascii")
        found = wire.loads(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))
    except (ValueError, IndexError):
        found = None
    if not isinstance(found, dict):
        raise ApiError(401, "The token is malformed", INVALID)
    return found
