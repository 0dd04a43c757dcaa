"""The table route × permission: a route without a line here serves nobody and keeps the server from starting.

`either(…)` marks the routes where the body decides: the door opens for each of these permissions, and what is
asked for behind it is checked where it is understood (api/going_on.py, api/commands.py, api/a2a, api/mcp).
Refusing more is always safe here; a permission that is missing at the door is missing behind it too.
"""

from __future__ import annotations

from collections.abc import Mapping

from holdfast_server.access.needs import ANYBODY, PUBLIC, Need, either, needs

_RUN = either("runs.create", "approvals.decide", "runs.redrive")
_FOLLOW = needs("threads.read", "runs.read")

NEEDS: Mapping[str, Need] = {
    # Who is served, and how it is doing, in numbers only.
    "GET /": PUBLIC,
    "GET /ok": PUBLIC,
    "GET /info": PUBLIC,
    "GET /metrics": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /docs/{name}": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "GET /holdfast/me": ANYBODY,
    # Assistants.
    "POST /assistants": needs("assistants.write"),
    "POST /assistants/search": needs("assistants.read"),
    "POST /assistants/count": needs("assistants.read"),
    "GET /assistants/{assistant_id}": needs("assistants.read"),
    "PATCH /assistants/{assistant_id}": needs("assistants.write"),
    # With `delete_threads` also threads.delete.
    "DELETE /assistants/{assistant_id}": needs("assistants.write"),
    "GET /assistants/{assistant_id}/graph": needs("assistants.read"),
    "GET /assistants/{assistant_id}/schemas": needs("assistants.read"),
    "GET /assistants/{assistant_id}/subgraphs": needs("assistants.read"),
    "GET /assistants/{assistant_id}/subgraphs/{namespace}": needs("assistants.read"),
    "POST /assistants/{assistant_id}/versions": needs("assistants.read"),
    "POST /assistants/{assistant_id}/latest": needs("assistants.write"),
    # Threads. With `supersteps` also approvals.decide; a `ttl` for one that exists also threads.delete.
    "POST /threads": needs("threads.write"),
    "POST /threads/search": needs("threads.read"),
    "POST /threads/count": needs("threads.read"),
    "POST /threads/prune": needs("threads.delete"),
    "GET /threads/{thread_id}": needs("threads.read"),
    "PATCH /threads/{thread_id}": needs("threads.write"),
    "DELETE /threads/{thread_id}": needs("threads.delete"),
    "POST /threads/{thread_id}/copy": needs("threads.read", "threads.write"),
    "GET /threads/{thread_id}/storage": needs("threads.read"),
    "GET /threads/{thread_id}/state": needs("threads.read"),
    "GET /threads/{thread_id}/state/{checkpoint_id}": needs("threads.read"),
    "POST /threads/{thread_id}/state/checkpoint": needs("threads.read"),
    # An edit can step over a question: a decision. All but the end of a thread that asks also threads.write.
    "POST /threads/{thread_id}/state": needs("approvals.decide"),
    "GET /threads/{thread_id}/history": needs("threads.read"),
    "POST /threads/{thread_id}/history": needs("threads.read"),
    # Runs.
    "POST /threads/{thread_id}/runs": _RUN,
    "POST /threads/{thread_id}/runs/wait": _RUN,
    "POST /threads/{thread_id}/runs/stream": _RUN,
    "POST /runs": needs("runs.create"),
    "POST /runs/wait": needs("runs.create"),
    "POST /runs/stream": needs("runs.create"),
    "POST /runs/batch": needs("runs.create"),
    "GET /threads/{thread_id}/runs": needs("runs.read"),
    "GET /threads/{thread_id}/runs/{run_id}": needs("runs.read"),
    "DELETE /threads/{thread_id}/runs/{run_id}": needs("threads.delete"),
    # With `cancel_on_disconnect` also runs.cancel; so for the other three that follow a run.
    "GET /threads/{thread_id}/runs/{run_id}/join": needs("runs.read"),
    "GET /threads/{thread_id}/runs/{run_id}/stream": needs("runs.read"),
    "GET /runs/{run_id}/join": needs("runs.read"),
    "GET /runs/{run_id}/stream": needs("runs.read"),
    "POST /threads/{thread_id}/runs/{run_id}/cancel": needs("runs.cancel"),
    "POST /runs/cancel": needs("runs.cancel"),
    "GET /holdfast/threads/{thread_id}/effects": needs("runs.read"),
    # Following a thread, and the commands of those who do.
    "GET /threads/{thread_id}/stream": _FOLLOW,
    "POST /threads/{thread_id}/stream/events": _FOLLOW,
    "WS /threads/{thread_id}/stream/events": _FOLLOW,
    "POST /threads/{thread_id}/commands": either(
        "runs.create", "approvals.decide", "runs.redrive", "runs.read"
    ),
    # Long-term memory.
    "PUT /store/items": needs("store.write"),
    "GET /store/items": needs("store.read"),
    "DELETE /store/items": needs("store.write"),
    "POST /store/items/search": needs("store.read"),
    "POST /store/namespaces": needs("store.read"),
    # Crons start runs: who makes one could start them by hand. Only `enabled` is for crons.pause alone.
    "POST /runs/crons": needs("crons.write", "runs.create"),
    "POST /threads/{thread_id}/runs/crons": needs("crons.write", "runs.create"),
    "POST /runs/crons/search": needs("crons.read"),
    "POST /runs/crons/count": needs("crons.read"),
    "GET /runs/crons/{cron_id}": needs("crons.read"),
    "PATCH /runs/crons/{cron_id}": either("crons.write", "crons.pause"),
    "DELETE /runs/crons/{cron_id}": needs("crons.write"),
    "GET /holdfast/crons/{cron_id}/firings": needs("crons.read"),
    # Other protocols: which of these, the method in the body decides.
    "POST /mcp": either("assistants.read", "runs.create"),
    "POST /mcp/": either("assistants.read", "runs.create"),
    "GET /mcp": PUBLIC,
    "GET /mcp/": PUBLIC,
    "DELETE /mcp": PUBLIC,
    "DELETE /mcp/": PUBLIC,
    "POST /a2a/{assistant_id}": either(
        "runs.create", "approvals.decide", "runs.redrive", "runs.cancel", "runs.read"
    ),
    "GET /a2a/{assistant_id}/.well-known/agent-card.json": needs("assistants.read"),
    "GET /.well-known/agent-card.json": needs("assistants.read"),
    # The house.
    "GET /holdfast/webhooks": needs("webhooks.read"),
    "GET /holdfast/workers": needs("house.read"),
    "GET /holdfast/queue": needs("house.read"),
    "GET /holdfast/graphs": needs("house.read"),
}
