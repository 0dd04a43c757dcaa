"""The outcome: what a conversation settled, read from the answers of the two tools that settle things."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]


def outcome_of(message: Message) -> str | None:
    """`paid 309.34 EUR` or `flagged: …`; None when this message settled nothing."""
    match message.get("name"), message.get("status"):
        case "pay_invoice", "success":
            receipt = json.loads(message["content"])
            return f"paid {receipt['amount']:,.2f} {receipt['currency']}"
        case "flag_invoice", "success":
            return f"flagged: {json.loads(message['content'])['reason']}"
        case _:
            return None


def last_outcome(messages: Sequence[Message]) -> str | None:
    """The newest outcome of a conversation."""
    return next((outcome for message in reversed(messages) if (outcome := outcome_of(message))), None)
