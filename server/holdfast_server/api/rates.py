"""Rate limits across API processes: PostgreSQL keeps the buckets, each process takes tokens in handfuls."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from psycopg import Error
from psycopg_pool import PoolTimeout

from holdfast_server.config.door import Rate
from holdfast_server.db.pool import Pool
from holdfast_server.db.statements import statement

logger = logging.getLogger(__name__)

# A handful is what may come in one second, so that a busy caller costs one round trip a second.
_MOST_IN_HAND = 50
# What is not used by then is lost to the caller: no process may keep from others what it does not need.
_HELD_SECONDS = 5.0
_MOST_CALLERS = 10_000
_PATIENCE = 2.0


@dataclass(frozen=True)
class Verdict:
    """Whether one more request may pass.

    Attributes:
        remaining: requests that may follow at once.
        wait: seconds until one may, when this one may not.
    """

    allowed: bool
    remaining: int = 0
    wait: float = 0.0


@dataclass
class _Hand:
    """Tokens of one caller in this process."""

    tokens: int = 0
    held_until: float = 0.0
    elsewhere: float = 0.0
    empty_until: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Limiter:
    """Counts callers. It never lets more pass than the limit; across N processes it may be somewhat less.

    While the database is away everybody passes: what they want needs it too, and they hear so there.
    """

    def __init__(self) -> None:
        self._pool: Pool | None = None
        self._hands: OrderedDict[str, _Hand] = OrderedDict()

    def use(self, pool: Pool) -> None:
        """From now on the buckets are in this database."""
        self._pool = pool

    async def take(self, name: str, rate: Rate) -> Verdict:
        """One token of the caller."""
        hand = self._hand(name)
        async with hand.lock:
            now = time.monotonic()
            if now >= hand.held_until:
                hand.tokens = 0
            if hand.tokens == 0 and now >= hand.empty_until and not await self._fetch(name, rate, hand):
                return Verdict(allowed=True, remaining=rate.requests)
            if hand.tokens == 0:
                return Verdict(allowed=False, wait=max(hand.empty_until - time.monotonic(), 0.001))
            hand.tokens -= 1
            return Verdict(allowed=True, remaining=hand.tokens + int(hand.elsewhere))

    def is_empty(self, name: str) -> float:
        """Seconds for which this process knows that the caller has none left; 0 when it does not know so."""
        hand = self._hands.get(name)
        return max(hand.empty_until - time.monotonic(), 0.0) if hand else 0.0

    async def pace(self, name: str, rate: Rate) -> None:
        """Returns when the caller may go on."""
        while not (verdict := await self.take(name, rate)).allowed:  # noqa: ASYNC110
            await asyncio.sleep(verdict.wait)

    async def _fetch(self, name: str, rate: Rate, hand: _Hand) -> bool:
        """A new handful, or the moment when there is one; False when nobody can say."""
        wanted = max(1, min(rate.requests // rate.seconds, rate.requests // 10, _MOST_IN_HAND))
        params = {"name": name, "size": rate.requests, "seconds": rate.seconds, "wanted": wanted}
        if self._pool is None:
            return False
        try:
            async with self._pool.connection(timeout=_PATIENCE) as conn:
                row = await (await conn.execute(statement("take_tokens"), params)).fetchone()
        except (Error, PoolTimeout) as error:
            logger.warning("rate limits are not held: %s", str(error).strip())
            return False
        assert row is not None
        now = time.monotonic()
        hand.tokens, hand.elsewhere = row["granted"], row["remaining"]
        hand.held_until, hand.empty_until = now + _HELD_SECONDS, now + row["wait"]
        return True

    def _hand(self, name: str) -> _Hand:
        hand = self._hands.setdefault(name, _Hand())
        self._hands.move_to_end(name)
        if len(self._hands) > _MOST_CALLERS:
            self._hands.popitem(last=False)
        return hand
