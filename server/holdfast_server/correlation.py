"""Correlation: which request and which run a line of the log belongs to."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

# Set where a request comes in, and where a worker begins a run; tasks and threads inherit them.
request_id: ContextVar[str | None] = ContextVar("holdfast_request_id", default=None)
run_id: ContextVar[str | None] = ContextVar("holdfast_run_id", default=None)

FORMAT = "%(asctime)s %(levelname)s %(name)s%(belongs_to)s: %(message)s"


def label_log_records() -> None:
    """Gives every record `belongs_to`, which `FORMAT` shows, and `request_id` and `run_id`; safe twice."""
    make = logging.getLogRecordFactory()
    if getattr(make, "labels", False):
        return

    def labelled(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        request, run = request_id.get(), run_id.get()
        record.__dict__.update(request_id=request, run_id=run, belongs_to=_label(request, run))
        return record

    labelled.labels = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(labelled)


def _label(request: str | None, run: str | None) -> str:
    known = (("request", request), ("run", run))
    return "".join(f" {name}={value}" for name, value in known if value)
