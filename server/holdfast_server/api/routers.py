"""All routers of the API, in the order in which they are asked."""

from __future__ import annotations

from holdfast_server.api import (
    a2a,
    assistants,
    crons,
    deliveries,
    docs,
    drawings,
    many_runs,
    mcp,
    me,
    operations,
    protocol,
    runs,
    state,
    stateless,
    store,
    system,
    thread_lifetime,
    thread_stream,
    threads,
    versions,
)

ROUTERS = (
    system.router,
    docs.router,
    assistants.router,
    versions.router,
    drawings.router,
    threads.router,
    state.router,
    thread_lifetime.router,
    store.router,
    runs.router,
    many_runs.router,
    stateless.router,
    thread_stream.router,
    protocol.router,
    crons.router,
    deliveries.router,
    mcp.router,
    a2a.router,
    operations.router,
    me.router,
)
