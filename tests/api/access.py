"""Every route with what a stranger gets from it: the table that new routes join with one line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

THREAD = "/threads/{thread_id}"
RUN = THREAD + "/runs/{run_id}"
ASSISTANT = "/assistants/{assistant_id}"
NEW_RUN = {"assistant_id": "echo", "input": {"x": 1}}

YEARLY = NEW_RUN | {"schedule": "0 0 1 1 *"}
CRON = "/runs/crons/{cron_id}"
TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ASK_AGENT = {"jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": {"id": "{thread_id}:{run_id}"}}
START = {"id": 1, "method": "run.start", "params": {"assistant_id": "echo", "input": {}}}

# A stranger gets: closed: 404; told: 200 that says "not found"; blind: an answer without a thing of the
# owner's; own: something of their own.
Kind = Literal["closed", "told", "blind", "own"]


@dataclass(frozen=True)
class Route:
    """One route: its body may name the owner's things as `{thread_id}` and so on."""

    method: str
    path: str
    body: Any = None
    kind: Kind = "closed"
    # What the owner gets; anything below 400 unless said.
    owner_gets: tuple[int, ...] = ()
    query: dict[str, str] = field(default_factory=dict)
    # The good answer is a stream that stays open.
    endless: bool = False


ROUTES = (
    Route("POST", "/assistants", {"graph_id": "echo"}, "own"),
    Route("POST", "/assistants/search", {"limit": 1000}, "blind"),
    Route("GET", ASSISTANT),
    Route("PATCH", ASSISTANT, {"name": "n", "metadata": {"a": 1}}),
    Route("DELETE", ASSISTANT),
    Route("GET", ASSISTANT + "/graph"),
    Route("GET", ASSISTANT + "/schemas"),
    Route("GET", ASSISTANT + "/subgraphs"),
    Route("GET", ASSISTANT + "/subgraphs/{namespace}"),
    Route("POST", ASSISTANT + "/versions", {}),
    Route("POST", ASSISTANT + "/latest", {"version": 1}),
    Route("POST", "/assistants/count", {}, "blind"),
    Route("POST", "/threads", {}, "own"),
    Route("POST", "/threads", {"thread_id": "{thread_id}", "if_exists": "do_nothing"}),
    Route("POST", "/threads/search", {"limit": 1000}, "blind"),
    Route("POST", "/threads/search", {"ids": ["{thread_id}"]}, "blind"),
    Route("POST", "/threads/count", {}, "blind"),
    Route("GET", THREAD),
    Route("PATCH", THREAD, {"metadata": {"a": 1}}),
    Route("DELETE", THREAD),
    Route("POST", THREAD + "/copy"),
    Route("GET", THREAD + "/state"),
    Route("POST", THREAD + "/state", {"values": {"x": 2}}),
    Route("GET", THREAD + "/state/{checkpoint_id}"),
    Route("POST", THREAD + "/state/checkpoint", {"checkpoint": {"checkpoint_id": "{checkpoint_id}"}}),
    Route("GET", THREAD + "/history"),
    Route("POST", THREAD + "/history", {"limit": 3}),
    Route("POST", THREAD + "/runs", NEW_RUN),
    Route("POST", THREAD + "/runs", NEW_RUN | {"if_not_exists": "create"}),
    Route("POST", THREAD + "/runs/wait", NEW_RUN),
    Route("POST", THREAD + "/runs/stream", NEW_RUN),
    Route("GET", THREAD + "/runs"),
    Route("GET", RUN),
    Route("DELETE", RUN),
    Route("GET", RUN + "/join"),
    Route("GET", RUN + "/stream"),
    Route("POST", RUN + "/cancel", owner_gets=(404,)),
    Route("POST", "/runs", NEW_RUN, "own"),
    Route("POST", "/runs/wait", NEW_RUN, "own"),
    Route("POST", "/runs/stream", NEW_RUN, "own"),
    Route("POST", "/runs/batch", [NEW_RUN], "own"),
    Route("POST", "/runs/cancel", {"thread_id": "{thread_id}", "run_ids": ["{run_id}"]}, owner_gets=(404,)),
    Route("POST", "/runs", {"assistant_id": "{assistant_id}", "input": {}}),
    Route("GET", "/runs/{run_id}/join"),
    Route("GET", "/runs/{run_id}/stream"),
    Route("GET", THREAD + "/stream", endless=True),
    Route("POST", THREAD + "/stream/events", {"channels": ["values"]}, endless=True),
    Route("POST", THREAD + "/commands", START, "told"),
    Route("POST", "/threads/prune", {"thread_ids": ["{thread_id}"], "strategy": "keep_latest"}, "told"),
    Route("GET", THREAD + "/storage"),
    Route("PUT", "/store/items", {"namespace": ["a"], "key": "k", "value": {}}, "own"),
    Route("GET", "/store/items", kind="blind", query={"namespace": "a", "key": "k"}),
    Route("DELETE", "/store/items", {"namespace": ["a"], "key": "k"}, "own"),
    Route("POST", "/store/items/search", {"namespace_prefix": []}, "blind"),
    Route("POST", "/store/namespaces", {}, "blind"),
    Route("POST", "/runs/crons", YEARLY, "own"),
    Route("POST", THREAD + "/runs/crons", YEARLY),
    Route("POST", "/runs/crons/search", {"limit": 1000}, "blind"),
    Route("POST", "/runs/crons/count", {}, "blind"),
    Route("GET", CRON),
    Route("PATCH", CRON, {"enabled": False}),
    Route("GET", "/holdfast/crons/{cron_id}/firings"),
    Route("DELETE", CRON),
    Route("GET", "/holdfast/webhooks", kind="blind"),
    Route("POST", "/mcp", TOOLS, "blind"),
    Route("POST", "/a2a/{assistant_id}", ASK_AGENT),
    Route("GET", "/a2a/{assistant_id}/.well-known/agent-card.json"),
    Route("GET", "/.well-known/agent-card.json", query={"assistant_id": "{assistant_id}"}),
    Route("GET", "/holdfast/threads/{thread_id}/effects"),
    Route("GET", "/holdfast/me", kind="blind"),
    Route("GET", "/holdfast/workers", kind="blind"),
    Route("GET", "/holdfast/queue", kind="blind"),
    Route("GET", "/holdfast/graphs", kind="blind"),
)
# Nobody is asked who they are.
PUBLIC = {("GET", "/ok"), ("GET", "/info"), ("GET", "/metrics")}
# There is nothing behind these: they say how it is done instead.
PUBLIC |= {("GET", "/mcp"), ("DELETE", "/mcp")}
