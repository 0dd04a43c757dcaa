"""The effect ledger: who started which effect, and how it ended."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, Protocol

EffectKind = Literal["read", "idempotent", "transactional", "at_most_once"]
"""What may happen when a call is sent twice.

`read` changes nothing. `idempotent` may be re-sent with the same key. `transactional` happens inside the
ledger's own transaction, exactly once. `at_most_once` is never re-sent: an unknown outcome is a question to a
person.
"""


@dataclass(frozen=True)
class Effect:
    """One effect that a tool call is about to have; `key` names it across every attempt."""

    key: str
    tool: str
    kind: EffectKind
    thread_id: str
    task_id: str
    call_id: str
    args_hash: str


@dataclass(frozen=True)
class Fresh:
    """Nobody started it; it is now started in the caller's name."""


@dataclass(frozen=True)
class Settled:
    """It is finished. `result` is a JSON document: the tool message's content, or why it failed."""

    result: str
    failed: bool


@dataclass(frozen=True)
class Unknown:
    """It was started and nobody told the outcome. `attempts` counts the starts, `since` is the latest."""

    since: datetime | None = None
    attempts: int = 1


Reservation = Fresh | Settled | Unknown


class Transaction(Protocol):
    """The transaction in which a `transactional` tool works and is settled."""

    @property
    def handle(self) -> object | None:
        """What the tool writes with: a psycopg AsyncConnection under the server, None in memory."""
        ...

    async def settle(self, *, result: str, failed: bool) -> None:
        """Record the outcome; it becomes true together with the tool's own writes."""
        ...


class EffectLedger(Protocol):
    """Remembers effects. Exceptions it raises (a lost lease) pass through the gateway untouched."""

    async def reserve(self, effect: Effect) -> Reservation:
        """Start `effect` unless somebody did; the reservation is durable when this returns."""
        ...

    async def retry(self, effect: Effect) -> None:
        """Start an `Unknown` effect once more.

        Until it is settled it stays `Unknown`, with `attempts` one higher; it does not become `Fresh`.
        """
        ...

    async def release(self, effect: Effect) -> None:
        """Forget the start of an unsettled effect: its tool paused itself, to be started from the top."""
        ...

    async def settle(self, key: str, *, result: str, failed: bool) -> None:
        """Record the outcome of a started effect."""
        ...

    def transaction(self, effect: Effect) -> AbstractAsyncContextManager[Transaction]:
        """Open the transaction of a reserved `transactional` effect; an exception inside rolls it back."""
        ...


@dataclass
class _Row:
    started_at: datetime
    attempts: int = 1
    settled: Settled | None = None


@dataclass
class _MemoryTransaction:
    outcome: Settled | None = None
    handle: object | None = None

    async def settle(self, *, result: str, failed: bool) -> None:
        self.outcome = Settled(result, failed)


@dataclass
class InMemoryLedger:
    """A ledger that lives as long as its process: for plain LangGraph, Studio and unit tests."""

    _rows: dict[str, _Row] = field(default_factory=dict)

    async def reserve(self, effect: Effect) -> Reservation:
        row = self._rows.get(effect.key)
        if row is None:
            self._rows[effect.key] = _Row(datetime.now(UTC))
            return Fresh()
        return row.settled or Unknown(row.started_at, row.attempts)

    async def retry(self, effect: Effect) -> None:
        row = self._rows[effect.key]
        row.started_at, row.attempts = datetime.now(UTC), row.attempts + 1

    async def release(self, effect: Effect) -> None:
        row = self._rows.get(effect.key)
        if row is not None and row.settled is None:
            del self._rows[effect.key]

    async def settle(self, key: str, *, result: str, failed: bool) -> None:
        self._rows[key].settled = Settled(result, failed)

    @asynccontextmanager
    async def transaction(self, effect: Effect) -> AsyncIterator[Transaction]:
        transaction = _MemoryTransaction()
        yield transaction
        self._rows[effect.key].settled = transaction.outcome


_default = InMemoryLedger()
_ledger: ContextVar[EffectLedger] = ContextVar("holdfast_ledger", default=_default)


def current_ledger() -> EffectLedger:
    """The ledger of this context: the one given to `use_ledger`, else one in memory for the whole process."""
    return _ledger.get()


@contextmanager
def use_ledger(ledger: EffectLedger) -> Iterator[EffectLedger]:
    """Let every gateway called inside the block write to `ledger`."""
    token = _ledger.set(ledger)
    try:
        yield ledger
    finally:
        _ledger.reset(token)
