"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """`-c langgraph.json`."""
    return click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The langgraph.json to run.  [default: langgraph.json]",
    )(command)


def database_option(command: F) -> F:
    """`--database-url`."""
    return click.option(
        "--database-url", help="PostgreSQL to use, version 15 or newer.  [default: $DATABASE_URL]"
    )(command)


def data_dir_option(command: F) -> F:
    """`--data-dir`."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        help="Data of the embedded PostgreSQL.  [default: .holdfast]",
    )(command)


def handover_option(command: F) -> F:
    """`--handover`, by which one process of ours starts another."""
    return click.option("--handover", type=int, hidden=True)(command)
