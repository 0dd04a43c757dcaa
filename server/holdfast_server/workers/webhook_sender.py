"""The webhook sender: tells the world outside how runs ended, until it has heard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from holdfast_server import wire
from holdfast_server.config.webhooks import Webhooks
from holdfast_server.db.pool import Connections
from holdfast_server.db.retry import through_outages
from holdfast_server.db.statements import statement
from holdfast_server.runs.destination import (
    Destination,
    Resolver,
    checked_destination,
    resolve,
)
from holdfast_server.runs.shown import shown
from holdfast_server.sealing.house import seal_text
from holdfast_server.sealing.rows import opened_columns
from holdfast_server.settings import Settings
from holdfast_server.workers.actor import Actor

logger = logging.getLogger(__name__)

_AT_ONCE = 20
_LONGEST_NAP = 0.25
_LONGEST_PAUSE = 300.0
# Beyond the receiver's time: to write down how it went. Then the sender counts as dead.
_LEASE_MARGIN = 5.0
# So many attempts without a known end, and the webhook is what its senders die of.
_MOST_LOST = 10
_GRACE = 3.0


@dataclass(frozen=True)
class Outcome:
    """How one attempt went; `error` is None when the receiver took it."""

    status_code: int | None = None
    error: str | None = None


class WebhookSender(Actor):
    """Runs in every worker process. Each webhook is leased to one sender at a time, and sent at least once.

    Args:
        pool: connections.
        settings: attempts, pause and timeout.
        webhooks: where they may go, and headers with their values.
        resolver: finds the addresses of a host.
    """

    def __init__(
        self, pool: Connections, settings: Settings, webhooks: Webhooks, *, resolver: Resolver = resolve
    ) -> None:
        super().__init__(every=_LONGEST_NAP)
        self._pool = pool
        self._settings = settings
        self._webhooks = webhooks
        self._resolver = resolver
        self._lease = timedelta(seconds=settings.webhook_timeout + _LEASE_MARGIN)
        self._sending: set[asyncio.Task[None]] = set()
        # Proxies from the environment would connect in our place, to addresses that we have not checked.
        # No connection is kept: httpx would use it for another name at the same address, unverified.
        self._http = httpx.AsyncClient(
            timeout=settings.webhook_timeout,
            trust_env=False,
            verify=httpx.create_ssl_context(),
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def tick(self) -> None:
        """Takes what is due, as much as there is room for; a slow receiver holds up nobody else."""
        room = _AT_ONCE - len(self._sending)
        if room <= 0:
            return
        async with self._pool.connection() as conn:
            params = {"lease": self._lease, "room": room}
            rows = await (await conn.execute(statement("take_webhooks"), params)).fetchall()
        for row in rows:
            task = asyncio.create_task(self._deliver(row), name=f"webhook {row['webhook_id']}")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def settled(self) -> None:
        """Waits for what is being sent."""
        if self._sending:
            await asyncio.wait(set(self._sending))

    async def stop(self) -> None:
        """Ends the loop; what is not sent soon is left to another sender, once its lease is over."""
        await super().stop()
        if self._sending:
            _, late = await asyncio.wait(set(self._sending), timeout=_GRACE)
            for task in late:
                task.cancel()
        await self._http.aclose()

    async def _deliver(self, row: Mapping[str, Any]) -> None:
        try:
            outcome = await self._attempt(row)
            await through_outages(lambda: self._settle(row, outcome))
        except Exception:
            # Its lease runs out, and it is tried again.
            logger.exception("webhook %s of run %s", row["webhook_id"], row["run"].get("run_id"))

    async def _attempt(self, row: Mapping[str, Any]) -> Outcome:
        limit = self._settings.webhook_timeout
        if _lost(row) > _MOST_LOST:
            return Outcome(error=f"{_lost(row)} senders died while they sent it")
        try:
            async with asyncio.timeout(limit):
                goal = await checked_destination(row["url"], self._webhooks.url, resolver=self._resolver)
                return await self._send(goal, row)
        except TimeoutError:
            return Outcome(error=f"no answer within {limit:g} s")
        except Exception as error:
            return Outcome(error=f"{type(error).__name__}: {error}".replace("\x00", ""))

    async def _send(self, goal: Destination, row: Mapping[str, Any]) -> Outcome:
        headers = self._headers(goal, row["webhook_id"], row["attempts"])
        kwargs = row["run"].get("kwargs")
        if isinstance(kwargs, Mapping) and kwargs.get("request_id"):
            headers["x-request-id"] = str(kwargs["request_id"])
        body = wire.dumps(_body(row))
        for address in goal.addresses[:-1]:
            try:
                return await self._post(goal, address, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._post(goal, goal.addresses[-1], headers, body)

    async def _post(self, goal: Destination, address: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Sends it to the address that was checked; the name is only said, not looked up again."""
        url = goal.url.copy_with(host=address)
        request = self._http.build_request(
            "POST", url, content=body, headers=headers, extensions={"sni_hostname": goal.host}
        )
        response = await self._http.send(request, stream=True, follow_redirects=False)
        await response.aclose()
        if response.is_success:
            return Outcome(response.status_code)
        return Outcome(response.status_code, f"the receiver answered {response.status_code}")

    def _headers(self, goal: Destination, webhook_id: UUID, attempt: int) -> dict[str, str]:
        return {
            "user-agent": "holdfast",
            **{name.lower(): value for name, value in self._webhooks.headers.items()},
            "host": goal.url.netloc.decode(),
            "content-type": "application/json",
            "x-webhook-id": str(webhook_id),
            "x-webhook-attempt": str(attempt),
        }

    async def _settle(self, row: Mapping[str, Any], outcome: Outcome) -> None:
        failures = row["failures"] + (outcome.error is not None)
        state = self._state(failures, row, outcome)
        if state == "dead":
            logger.warning("webhook %s is dead: %s", row["webhook_id"], outcome.error)
        params = {
            "webhook_id": row["webhook_id"],
            "attempts": row["attempts"],
            "state": state,
            "failures": failures,
            "status_code": outcome.status_code,
            "error": seal_text(outcome.error),
            "pause": self._pause(failures),
        }
        async with self._pool.connection() as conn:
            await conn.execute(statement("settle_webhook"), params)

    def _state(self, failures: int, row: Mapping[str, Any], outcome: Outcome) -> str:
        if outcome.error is None:
            return "delivered"
        worn = failures >= self._settings.webhook_attempts or _lost(row) > _MOST_LOST
        return "dead" if worn else "pending"

    def _pause(self, failures: int) -> timedelta:
        doubled = self._settings.webhook_pause * 2 ** max(0, failures - 2)
        return timedelta(seconds=min(doubled, _LONGEST_PAUSE))


def _lost(row: Mapping[str, Any]) -> int:
    """Attempts whose end nobody wrote down; the one that begins is not among them."""
    return int(row["attempts"] - 1 - row["failures"])


def _body(row: Mapping[str, Any]) -> dict[str, Any]:
    # PostgreSQL put it together out of columns that are sealed each by itself.
    run = opened_columns(row["run"])
    for moment in ("created_at", "updated_at", "started_at", "ended_at"):
        # As the API writes it: PostgreSQL's JSON leaves trailing zeros out.
        run[moment] = run[moment] and datetime.fromisoformat(run[moment])
    return shown(run) | {
        "run_started_at": run["started_at"],
        "run_ended_at": run["ended_at"],
        "webhook_sent_at": datetime.now(UTC),
        "values": row["values"],
        **({"error": run["error"]} if run["error"] else {}),
    }
