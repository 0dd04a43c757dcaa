"""What this process counts about its requests, and the database's figures, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

# Milliseconds, as the LangGraph Server reports them.
_BUCKETS = (1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000)
_METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
_GAUGES = {
    "lg_api_workers_max": ("workers_max", "Runs that all living workers together can execute."),
    "lg_api_workers_active": ("running", "Runs that workers execute."),
    "lg_api_workers_available": ("workers_available", "Runs that workers could take at once."),
    "lg_api_num_pending_runs": ("pending", "Runs that wait for their turn, their time or a worker."),
    "lg_api_num_running_runs": ("running", "Runs that workers execute."),
    "holdfast_workers_alive": ("workers_alive", "Worker processes that beat."),
    "holdfast_queue_depth": ("ready", "Runs that only wait for a worker."),
    "holdfast_oldest_waiting_run_seconds": ("waited_max", "How long the oldest due run has waited."),
    "holdfast_oldest_ready_run_seconds": ("ready_max", "How long a run has waited for nothing but a worker."),
    "holdfast_threads_interrupted": ("interrupted_threads", "Threads that wait for a person."),
}
# The moment at which a counter was first used tells nobody anything and doubles the text.
disable_created_metrics()  # type: ignore[no-untyped-call]
Reason = Literal["url", "head", "body", "slow", "host", "origin", "rate", "logins"]
_STATES = ("scheduled", "blocked", "ready", "running")


class HttpMeter:
    """The counters of one API process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        names = ("method", "path", "status")
        self._requests = Counter(
            "lg_api_http_requests", "HTTP requests by route.", names, registry=self.registry
        )
        self._latency = Histogram(
            "lg_api_http_requests_latency",
            "Milliseconds until an answer begins.",
            names,
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._refused = Counter(
            "holdfast_http_refused", "Requests refused at the door, by reason.", ("reason",),
            registry=self.registry,
        )  # fmt: skip
        self._lag = Gauge(
            "holdfast_event_loop_lag_seconds",
            "How late the event loop last came to a thing that was due.",
            registry=self.registry,
        )

    def count(self, method: str, path: str, status: int, seconds: float) -> None:
        """Counts one request; `path` is its route's template."""
        labels = (method if method in _METHODS else "OTHER", path, str(status))
        self._requests.labels(*labels).inc()
        self._latency.labels(*labels).observe(seconds * 1000)

    def refused(self, reason: Reason) -> None:
        """Counts one request that did not get past the door."""
        self._refused.labels(reason).inc()

    def lagged(self, seconds: float) -> None:
        """Notes how late the event loop was."""
        self._lag.set(seconds)

    def text(self, figures: Mapping[str, Any]) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(_registry(figures)) + generate_latest(self.registry)


def as_json(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The figures as the LangGraph Server words them."""
    return {
        "queue": {
            "n_pending": figures["pending"],
            "n_running": figures["running"],
            "pending_runs_wait_time_max_secs": figures["waited_max"],
            "pending_runs_wait_time_med_secs": figures["waited_median"],
            "pending_unblocked_runs_wait_time_max_secs": figures["ready_max"],
        },
        "workers": {
            "max": figures["workers_max"],
            "active": figures["running"],
            "available": figures["workers_available"],
        },
        "api": {"workers_alive": figures["workers_alive"]},
    }


def _registry(figures: Mapping[str, Any]) -> CollectorRegistry:
    registry = CollectorRegistry()
    for name, (key, text) in _GAUGES.items():
        Gauge(name, text, registry=registry).set(figures[key] or 0)
    runs = Gauge("holdfast_runs", "Live runs by state.", ("state",), registry=registry)
    for state in _STATES:
        runs.labels(state).set(figures[state])
    return registry
