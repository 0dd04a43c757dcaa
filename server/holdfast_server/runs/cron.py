"""A cron: its row, when it is due next, and the run that a firing asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from holdfast_server.runs.admission import RunRequest
from holdfast_server.runs.request import request_for
from holdfast_server.runs.schedule import Schedule

Row = Mapping[str, Any]


def next_run_date(cron: Row, since: datetime) -> datetime | None:
    """When a cron fires next; None when it is disabled or past its end.

    Raises:
        NeverDue: its schedule fits no moment.
    """
    if not cron["enabled"]:
        return None
    found = Schedule(cron["schedule"], cron["timezone"]).after(since)
    return found if cron["end_time"] is None or found <= cron["end_time"] else None


def payload_of(cron: Row) -> dict[str, Any]:
    """The run that a cron starts, as clients see it: it knows its cron."""
    config = cron["payload"].get("config") or {}
    configurable = {**(config.get("configurable") or {}), "cron_id": str(cron["cron_id"])}
    return {**cron["payload"], "config": {**config, "configurable": configurable}}


def request_of(cron: Row, assistant: Row) -> RunRequest:
    """The run of one firing: on the cron's thread or one of its own, in the name of who made the cron."""
    asked = payload_of(cron) | {
        "metadata": {**cron["metadata"], "cron_id": str(cron["cron_id"])},
        "on_completion": cron["on_run_completed"],
    }
    return request_for(
        assistant,
        asked,
        cron["thread_id"],
        tenant=cron["tenant"],
        configurable=cron["configurable"],
        # As who made it, by the clock; one of an earlier release does not know.
        principal={**(cron["principal"] or {}), "how": "schedule"},
    )
