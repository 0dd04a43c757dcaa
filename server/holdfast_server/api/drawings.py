"""What a graph looks like: drawing, schemas, sub-graphs, as workers published them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from psycopg.rows import DictRow

from holdfast_server.api.backend import Backend, backend_of
from holdfast_server.api.reply import JsonReply
from holdfast_server.api.which_assistant import existing_assistant
from holdfast_server.errors import ApiError

router = APIRouter(prefix="/assistants/{assistant_id}", tags=["assistants"])
Wiring = Annotated[Backend, Depends(backend_of)]


@router.get("/graph")
async def graph(wiring: Wiring, assistant_id: str, xray: str = "false") -> Response:
    """The drawing of the graph: nodes and edges; with `xray` the sub-graphs too, as deep as a number says."""
    row = await _published(wiring, assistant_id)
    drawings = row["drawing"] or {}
    return JsonReply(drawings.get(_depth(xray)) or drawings.get("true") or {})


@router.get("/schemas")
async def schemas(wiring: Wiring, assistant_id: str) -> Response:
    """The JSON schemas of input, output, state, config and context."""
    row = await _published(wiring, assistant_id)
    return JsonReply({"graph_id": row["graph_id"], **(row["schemas"] or {})})


@router.get("/subgraphs")
async def subgraphs(wiring: Wiring, assistant_id: str, recurse: bool = False) -> Response:
    """The schemas of the sub-graphs by namespace; with `recurse` also those inside sub-graphs."""
    found = (await _published(wiring, assistant_id))["subgraphs"] or {}
    return JsonReply({ns: schema for ns, schema in found.items() if recurse or "|" not in ns})


@router.get("/subgraphs/{namespace}")
async def subgraph(wiring: Wiring, assistant_id: str, namespace: str, recurse: bool = False) -> Response:
    """The schemas of the sub-graph of this namespace; with `recurse` also those inside it."""
    found = (await _published(wiring, assistant_id))["subgraphs"] or {}
    inside = f"{namespace}|"
    return JsonReply(
        {ns: schema for ns, schema in found.items() if ns == namespace or (recurse and ns.startswith(inside))}
    )


def _depth(xray: str) -> str:
    """Under which name the drawing is published.

    Raises:
        ApiError: 422, neither a flag nor a depth.
    """
    flag = xray.strip().lower()
    if flag in ("false", "0", ""):
        return "false"
    if flag == "true" or (flag.isascii() and flag.isdigit()):
        return flag
    raise ApiError(422, f"xray is {xray!r}; it must be true, false or a depth")


async def _published(backend: Backend, name: str) -> DictRow:
    assistant = await existing_assistant(backend, name)
    row = await backend.row("find_graph", graph_id=assistant["graph_id"])
    if row is None:
        raise ApiError(404, f"Graph {assistant['graph_id']!r} is not published; start a worker with it")
    return row
