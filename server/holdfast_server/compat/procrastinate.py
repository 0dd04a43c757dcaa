"""What we change in procrastinate: a connector that outlives an outage, and quiet logs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from procrastinate import PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

logger = logging.getLogger(__name__)


class PatientConnector(PsycopgConnector):
    """Repeats reads through an outage; the stock worker stops for good after one failed heartbeat."""

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        await self._patiently(super().execute_query_async, query, **arguments)

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        found: dict[str, Any] = await self._patiently(super().execute_query_one_async, query, **arguments)
        return found

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        await self._patiently(super().listen_notify, on_notification, list(channels))

    async def _patiently(self, call: Any, *args: Any, **kwargs: Any) -> Any:
        pause = 0.05
        while True:
            try:
                return await call(*args, **kwargs)
            except ConnectorException as error:
                if not _is_outage(error):
                    raise
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)


class TornTickets(JobManager):
    """Does not finish jobs: `claim` deletes a ticket in the transaction that takes the run."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Nothing is left to finish."""


def _is_outage(error: ConnectorException) -> bool:
    from psycopg import InterfaceError, OperationalError
    from psycopg_pool import PoolTimeout

    return isinstance(error.__cause__, OperationalError | InterfaceError | PoolTimeout)
