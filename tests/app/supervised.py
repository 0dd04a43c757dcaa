"""The supervised agent with one payment tool that a person approves; payments go to a file, one a line."""

import asyncio
import os
from pathlib import Path

from model import ParrotModel

from holdfast_graphs import supervised_agent
from holdfast_tools import Approval, current_call, tool


def note(journal: Path, line: str) -> None:
    with journal.open("a") as lines:
        lines.write(line)


@tool(
    effect="at_most_once",
    approval=Approval(when=lambda args: float(str(args["amount"])) > 500, roles=("finance",)),
)
async def pay(amount: float) -> str:
    """Pay a bill."""
    if journal := os.environ.get("TEST_APP_PAYMENTS"):
        await asyncio.to_thread(note, Path(journal), f"{current_call().idempotency_key} {amount:g}\n")
    return f"paid {amount:g}"


graph = supervised_agent(
    name="supervised",
    model=ParrotModel(tool="pay", argument="amount", number=True),
    instructions="Pay what you are told to pay.",
    tools=[pay],
)
