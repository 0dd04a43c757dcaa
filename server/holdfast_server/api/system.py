"""Health and identity of the server, in the words that clients look for."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from holdfast_server.api.backend import Backend, public_backend_of
from holdfast_server.api.figures import Figures
from holdfast_server.api.metrics import HttpMeter, as_json
from holdfast_server.api.reply import JsonReply

router = APIRouter(tags=["system"])
Wiring = Annotated[Backend, Depends(public_backend_of)]

# Clients gate features on the version of LangGraph's own server; we were checked against this one.
_CONTRACT = "0.16.7"


@router.get("/ok")
@router.get("/", include_in_schema=False)
async def ok(wiring: Wiring, check_db: str = "0") -> Response:
    """Answers while the process serves; with `check_db=1` only while the database does too."""
    if check_db.lower() in ("1", "true"):
        await wiring.row("list_graphs")
    return JsonReply({"ok": True, "services": {}})


@router.get("/info")
async def info() -> Response:
    """Version and features."""
    host = dict.fromkeys(("project_id", "host_revision_id", "revision_id", "tenant_id"))
    answer: dict[str, Any] = {
        "version": _CONTRACT,
        "langgraph_py_version": version("langgraph"),
        "holdfast_version": version("holdfast"),
        "flags": {"assistants": True, "crons": True, "langsmith": False, "strict_resume": True},
        "host": {"kind": "self-hosted", **host},
    }
    return JsonReply(answer)


@router.get("/metrics")
async def metrics(request: Request, format: str = "prometheus") -> Response:
    """Runs, workers and requests in Prometheus' text format; with `format=json` the first two as JSON."""
    figures: Figures = request.app.state.figures
    meter: HttpMeter = request.app.state.meter
    found = await figures.read()
    if format == "json":
        return JsonReply(as_json(found))
    return Response(meter.text(found), media_type=CONTENT_TYPE_LATEST)
