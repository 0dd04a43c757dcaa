"""Lists in a query, in the three encodings that clients use."""

from __future__ import annotations

from holdfast_server import wire
from holdfast_server.errors import ApiError


def listed(name: str, raw: list[str] | None) -> list[str]:
    """A list out of repeated, comma-joined and JSON-array parameters.

    Raises:
        ApiError: 422, naming the parameter.
    """
    items: list[str] = []
    for text in raw or []:
        try:
            found = wire.loads(text) if text.startswith("[") else text.split(",")
        except ValueError:
            raise ApiError(422, f"{name} is {text!r}; it must be a list of names") from None
        # The Python client sends a parameter that is None as an empty one.
        items += [str(item) for item in found if item != ""]
    return items
