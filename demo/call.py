"""A tool call, spelled out as one reads code."""

import json
from collections.abc import Mapping


def spelled_out(tool: str, args: Mapping[str, object]) -> str:
    """`pay_invoice(invoice_id="INV-0001", amount=8462.93)`."""
    return f"{tool}({', '.join(f'{name}={as_json(value)}' for name, value in args.items())})"


def as_json(value: object) -> str:
    """A value as JSON, with umlauts as they are."""
    return json.dumps(value, ensure_ascii=False)
