"""The agent card of an assistant: what it is, what it takes, where it listens. One card for 1.0 and 0.3."""

from __future__ import annotations

from typing import Any

from a2a.server.request_handlers.response_helpers import agent_card_to_dict
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from psycopg.rows import DictRow

from holdfast_server.api.a2a.input import takes_messages

Json = dict[str, Any]


def card_of(assistant: DictRow, schema: Json | None, url: str) -> Json:
    """The card; `url` is where the agent listens."""
    name = assistant["name"]
    about = assistant["description"] or f"The assistant {name} (graph {assistant['graph_id']})."
    tags = ["langgraph", assistant["graph_id"]]
    card = AgentCard(
        name=name,
        description=about,
        version=str(assistant["version"]),
        capabilities=AgentCapabilities(streaming=True, push_notifications=False),
        default_input_modes=[*(["text/plain"] if takes_messages(schema) else []), "application/json"],
        default_output_modes=["text/plain", "application/json"],
        skills=[AgentSkill(id=str(assistant["assistant_id"]), name=name, description=about, tags=tags)],
        supported_interfaces=[
            AgentInterface(url=url, protocol_binding="JSONRPC", protocol_version=spoken)
            for spoken in ("1.0", "0.3")
        ],
    )
    return agent_card_to_dict(card)
