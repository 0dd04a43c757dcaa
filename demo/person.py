"""The person: who answers a question, at the terminal or, when nobody is there, by the plan below."""

import getpass
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from call import as_json, spelled_out
from journal import Payment
from question import Question
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from voice import Voice

Answer = dict[str, Any]
"""What is sent as the value of `resume`."""

REFUSALS = {"INV-0039": "finance has not released the budget for printer paper"}
"""What nobody-at-the-terminal rejects, and why; everything else it approves."""


def suggested(question: Question, payments: Sequence[Payment]) -> Answer:
    """The answer of a person who is not there, and the default of one who is."""
    invoice_id = str(question.args.get("invoice_id"))
    if question.kind == "unknown_outcome":
        return _looked_up(invoice_id, payments)
    if reason := REFUSALS.get(invoice_id):
        return {"type": "reject", "message": reason}
    return {"type": "approve"}


def ask(question: Question, suggestion: Answer, voice: Voice) -> Answer:
    """Show a person exactly what will be done, and take their answer."""
    voice.show(_drawn(question))
    if question.kind == "unknown_outcome":
        choices: Mapping[str, Callable[[], Answer]] = {
            "retry": lambda: {"type": "retry"},
            "done": lambda: {**suggestion, "type": "done"},
            "fail": lambda: {"type": "fail", "message": voice.ask("  why?", "it failed")},
        }
    else:
        choices = {
            "approve": lambda: {"type": "approve"},
            "edit": lambda: {"type": "edit", "args": _edited(question.args, voice)},
            "reject": lambda: {
                "type": "reject",
                "message": voice.ask("  why?", suggestion.get("message", "not now")),
            },
        }
    return choices[_chosen(list(choices), suggestion["type"], voice)]()


def name(voice: Voice) -> str:
    """Who answers, for the record."""
    if not voice.interactive:
        return "demo.py"
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody at the terminal"


def _chosen(words: Sequence[str], default: str, voice: Voice) -> str:
    """One of `words`; its first letters are enough."""
    while True:
        typed = voice.ask(f"  {', '.join(words[:-1])} or {words[-1]}?", default).lower()
        if found := [word for word in words if word.startswith(typed)]:
            return found[0]
        voice.say(f"  {typed!r} is none of them; the first letter is enough", style="yellow")


def _edited(args: Mapping[str, Any], voice: Voice) -> dict[str, Any]:
    """The arguments as the person wants them; Enter keeps one as it is."""
    return {key: _typed(voice.ask(f"  {key}", as_json(value)), value) for key, value in args.items()}


def _typed(text: str, former: object) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    # "0042" typed for a text stays a text.
    return text if isinstance(former, str) and not isinstance(value, str) else value


def _looked_up(invoice_id: str, payments: Sequence[Payment]) -> Answer:
    """Nobody saw how the call ended, and the journal knows."""
    paid = next((payment for payment in payments if payment.invoice_id == invoice_id), None)
    if paid is None:
        return {"type": "retry"}
    receipt = {"payment_id": paid.payment_id, "amount": paid.amount, "currency": paid.currency}
    return {"type": "done", "result": as_json({"invoice_id": invoice_id, **receipt})}


def _drawn(question: Question) -> Panel:
    arguments = Table.grid(padding=(0, 3, 0, 0))
    for key, value in question.args.items():
        arguments.add_row(Text(key, style="dim"), Text(as_json(value), style="bold"))
    parts: list[RenderableType] = [Text(question.why), Text(), arguments]
    if question.kind == "tool_approval":
        exactly = Text(spelled_out(question.tool, question.args), style="bold")
        parts += [Text(), Text("approve runs exactly this: ", style="dim") + exactly]
    title = Text(f"{question.tool}, for {' or '.join(question.roles) or 'anybody'} to decide", style="bold")
    return Panel(Group(*parts), title=title, title_align="left", border_style="yellow", padding=(1, 2))
