"""What really happened outside: one line for each effect, written with one system call."""

import os
from pathlib import Path

FOLDER = Path(os.environ.get("CHAOS_FOLDER", "."))


def note(line: str) -> None:
    """Writes a line that survives the death of this process."""
    journal = os.open(FOLDER / "journal", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, f"{line}\n".encode())
    os.close(journal)


def die_once(point: str) -> None:
    """kill -9 of this process, the first time that anybody comes to the point where a death is ordered."""
    order = FOLDER / "order"
    if not order.exists() or order.read_text() != point:
        return
    try:
        order.rename(FOLDER / "obeyed")
    except FileNotFoundError:
        return
    os.kill(os.getpid(), 9)
