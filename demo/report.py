"""The report: the account as a table, the claims below it, and where to go from here."""

import sys
from collections.abc import Sequence
from pathlib import Path

from account import Settled
from claims import Claim
from repository import ROOT
from rich import box
from rich.table import Table
from rich.text import Text
from voice import Voice

PAST = {"approve": "approved", "edit": "edited and approved", "reject": "rejected", "respond": "answered"}


def present(invoices: Sequence[Settled], claims: Sequence[Claim], voice: Voice) -> None:
    """Show what happened, and what of it holds."""
    voice.chapter("What happened, as the system tells it")
    voice.show(_table(invoices))
    voice.say("")
    for claim in claims:
        mark, style = ("✓", "green") if claim.holds else ("✗", "bold red")
        line = Table.grid(padding=(0, 1, 0, 0))
        line.add_row(Text(f"  {mark}", style=style), Text(claim.text, style="" if claim.holds else style))
        voice.show(line)


def point_onwards(folder: Path, voice: Voice) -> None:
    """Say what to do next."""
    voice.chapter("Next")
    voice.say("  Serve your own graphs, from a folder with a langgraph.json:")
    voice.say(f"    pip install {ROOT}", style="bold")
    voice.say("    holdfast dev", style="bold")
    voice.say(
        "  It prints its addresses: the API, the API's docs, and a link that opens LangGraph Studio on it."
    )
    voice.say("  What you just saw is kept. To look around in it:")
    voice.say(
        f"    {_here(Path(sys.executable).with_name('holdfast'))} dev --data-dir {_here(folder)}",
        style="bold",
    )


def _table(invoices: Sequence[Settled]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, show_footer=True, expand=True)
    table.add_column("invoice", footer="total", no_wrap=True)
    table.add_column("outcome", ratio=1)
    for title, figures in (
        ("super-\nsteps", [i.supersteps for i in invoices]),
        ("tool\ncalls", [i.tool_calls for i in invoices]),
        ("cor-\nrected", [i.corrected for i in invoices]),
        ("\ntokens", [i.tokens for i in invoices]),
    ):
        table.add_column(title, footer=f"{sum(figures):,}", justify="right", no_wrap=True)
    table.add_column("att-\nempts", justify="right", no_wrap=True)
    table.add_column("decided by", no_wrap=True)
    for invoice in invoices:
        table.add_row(*_cells(invoice))
    return table


def _cells(invoice: Settled) -> list[Text]:
    figures = (invoice.supersteps, invoice.tool_calls, invoice.corrected)
    style = "green" if invoice.outcome.startswith("paid") else "yellow"
    return [
        Text(invoice.invoice_id, style="bold"),
        Text(invoice.outcome, style=style),
        *(Text(f"{figure or '·'}") for figure in figures),
        Text(f"{invoice.tokens:,}"),
        Text(f"{invoice.attempts}", style="cyan" if invoice.attempts > 1 else ""),
        Text(_decided(invoice)),
    ]


def _decided(invoice: Settled) -> str:
    said = [f"{d.by} {PAST.get(d.verdict, d.verdict)}" for d in invoice.decisions]
    return "\n".join(said) or "the agent"


def _here(path: Path) -> Path:
    """As one types it in the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
