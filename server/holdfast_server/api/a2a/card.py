"""The agent card of an assistant: what it is, what it takes, where it listens. One card for 1.0 and 0.3."""

from __future__ import annotations

from typing import Any

from psycopg.rows import DictRow

from holdfast_server.api.a2a.input import takes_messages

Json = dict[str, Any]


def card_of(assistant: DictRow, schema: Json | None, url: str) -> Json:
    """The card; `url` is where the agent listens."""
    name = assistant["name"]
    about = assistant["description"] or f"The assistant {name} (graph {assistant['graph_id']})."
    modes = ["text/plain", "application/json"] if takes_messages(schema) else ["application/json"]
    skill = {
        "id": str(assistant["assistant_id"]),
        "name": name,
        "description": about,
        "tags": ["langgraph", assistant["graph_id"]],
    }
    return {
        "name": name,
        "description": about,
        "version": str(assistant["version"]),
        "capabilities": {"streaming": True, "pushNotifications": False},
        "defaultInputModes": modes,
        "defaultOutputModes": ["text/plain", "application/json"],
        "skills": [skill],
        **_interfaces(url),
    }


def _interfaces(url: str) -> Json:
    spoken = [{"url": url, "protocolBinding": "JSONRPC", "protocolVersion": v} for v in ("1.0", "0.3")]
    early = {"url": url, "preferredTransport": "JSONRPC", "protocolVersion": "0.3.0"}
    return {"supportedInterfaces": spoken, **early}
