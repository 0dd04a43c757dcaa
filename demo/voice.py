"""The demo's voice: chapters, lines with a clock, and what others print, quoted."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from rich.console import Console, RenderableType
from rich.text import Text

PAGE_WIDTH = 118
FIRST_REPORT = 2.0
REPORT_EVERY = 5.0


class Voice:
    """Speaks to a terminal or to a log file; `interactive` tells whether anybody can answer."""

    def __init__(self) -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            # A terminal that knows only ASCII shows question marks, and the demo goes on.
            sys.stdout.reconfigure(errors="replace")
        self._console = Console(highlight=False)
        self._console.width = min(self._console.width, PAGE_WIDTH) if sys.stdout.isatty() else PAGE_WIDTH
        self._started = self._spoke = time.monotonic()
        self.interactive = sys.stdin.isatty() and sys.stdout.isatty()

    def chapter(self, title: str) -> None:
        """A heading with an empty line before it."""
        self.say("")
        self.say(title, style="bold")

    def say(self, text: str, style: str = "") -> None:
        """A line, wrapped at the width of the page."""
        self.show(Text(text, style=style))

    def tell(self, subject: str, text: str, style: str = "") -> None:
        """One thing that just happened, on one line, with the seconds since the demo began."""
        clock = f"{time.monotonic() - self._started:6.1f} s  "
        line = Text.assemble((clock, "dim"), (f"{subject:<10}", "bold"), (" ".join(text.split()), style))
        line.truncate(self._console.width, overflow="ellipsis")
        self.show(line)

    def quote(self, line: str) -> None:
        """A line that somebody else wrote."""
        self.show(Text(f"  │ {line}", style="dim"))

    def quote_end_of(self, log: Path, lines: int = 25) -> None:
        """The last lines of a log, if there are any."""
        if log.exists():
            self.say(f"The end of {log}:")
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]:
                self.quote(line)

    def show(self, thing: RenderableType) -> None:
        """Anything rich can draw."""
        self._spoke = time.monotonic()
        self._console.print(thing)

    def ask(self, question: str, default: str) -> str:
        """What a person types; `default` for an empty line and at the end of the input."""
        try:
            return self._console.input(Text.assemble(question, (f" [{default}] ", "dim"))).strip() or default
        except EOFError:
            return default

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show that something takes its time: a spinner, or a line whenever it was silent for long."""
        if self._console.is_terminal:
            with self._console.status(what):
                yield
            return
        over = threading.Event()
        reporter = threading.Thread(target=self._report, args=[what, over], daemon=True)
        reporter.start()
        try:
            yield
        finally:
            over.set()
            reporter.join()

    def _report(self, what: str, over: threading.Event) -> None:
        since, patience = time.monotonic(), FIRST_REPORT
        while not over.wait(0.1):
            if time.monotonic() - self._spoke > patience:
                self.say(f"  … {what}, {time.monotonic() - since:.0f} s", style="dim")
                patience = REPORT_EVERY
