"""Carrying on through an outage of PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from psycopg import InterfaceError, OperationalError
from psycopg.errors import ProgramLimitExceeded, QueryCanceled
from psycopg_pool import PoolTimeout

T = TypeVar("T")

# An outage longer than this ends the attempt; the run itself is rescued when the database is back.
_PATIENCE = 60.0


async def through_outages(work: Callable[[], Awaitable[T]], *, patience: float = _PATIENCE) -> T:
    """Repeats `work` while the database is away; `work` must be safe to repeat.

    Raises:
        OperationalError: still away after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    pause = 0.02
    while True:
        try:
            return await work()
        except (QueryCanceled, ProgramLimitExceeded):
            # psycopg counts these as operational; the next time they fail just so.
            raise
        except (OperationalError, InterfaceError, PoolTimeout):
            if time.monotonic() + pause > deadline:
                raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)
