"""The page `/docs`: Swagger UI from this machine, so that it works where no CDN can be reached."""

from __future__ import annotations

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import FileResponse

from holdfast_server.api.headers import page_policy
from holdfast_server.errors import ApiError

router = APIRouter(include_in_schema=False)

_ASSETS = Path(fastapi_offline.__file__).parent / "static"
_SERVED = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API's documentation, to read and to try."""
    root = request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title="Holdfast",
        swagger_js_url=f"{root}/docs/swagger-ui-bundle.js",
        swagger_css_url=f"{root}/docs/swagger-ui.css",
        swagger_favicon_url=f"{root}/docs/favicon.png",
        # Without this the page shows the document to a service of others.
        swagger_ui_parameters={"validatorUrl": None},
    )
    page.headers["content-security-policy"] = page_policy(bytes(page.body))
    return page


@router.get("/docs/{name}")
async def asset(name: str) -> Response:
    """What the page is made of."""
    if name not in _SERVED:
        raise ApiError(404, "Not Found")
    return FileResponse(_ASSETS / name, headers={"cache-control": "public, max-age=86400"})
