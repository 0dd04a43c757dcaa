"""The API's OpenAPI document together with the user's routes and what `auth.openapi` says of logging in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI


def documented(app: FastAPI, *, theirs: Mapping[str, Any] | None, security: Mapping[str, Any]) -> None:
    """Makes the application describe all of it; where both serve a path, the user's is what answers."""
    if theirs is None and not security:
        return
    own = app.openapi

    def openapi() -> dict[str, Any]:
        document = own()
        return _secured(_merged(document, theirs or {}), security)

    # FastAPI's documented way to extend the document.
    app.openapi = openapi  # type: ignore[method-assign]


def _merged(document: dict[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    merged = {
        **document,
        "paths": dict(document.get("paths", {})),
        "components": dict(document.get("components", {})),
    }
    for path, operations in theirs.get("paths", {}).items():
        merged["paths"][path] = {**merged["paths"].get(path, {}), **operations}
    for kind, named in theirs.get("components", {}).items():
        merged["components"][kind] = {**named, **merged["components"].get(kind, {})}
    return merged


def _secured(document: dict[str, Any], security: Mapping[str, Any]) -> dict[str, Any]:
    schemes = security.get("securitySchemes") or security.get("components", {}).get("securitySchemes")
    if schemes:
        document["components"] = {**document["components"], "securitySchemes": schemes}
    if security.get("security"):
        document["security"] = security["security"]
    for path, methods in (security.get("paths") or {}).items():
        for method, required in methods.items():
            if (operation := document["paths"].get(path, {}).get(method.lower())) is not None:
                operation["security"] = required
    return document
