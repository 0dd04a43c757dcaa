"""What we borrow from Python's standard library without being asked to."""

from __future__ import annotations

import subprocess


def interpreter_options() -> list[str]:
    """The options that this interpreter was started with, as `multiprocessing` repeats them to a child."""
    options: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    return options
