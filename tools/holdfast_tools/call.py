"""A tool call: its identity, its fingerprint, and what the tool may know about it while it runs."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from pydantic import JsonValue

from holdfast_tools.errors import NotInToolCall


@dataclass(frozen=True)
class ToolCall:
    """One call as the model wrote it."""

    id: str
    name: str
    args: Mapping[str, JsonValue]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of name and arguments: what an approval binds to. The id is left out on purpose."""
        return sha256_of({"name": self.name, "args": self.args})

    @property
    def args_hash(self) -> str:
        """SHA-256 of the arguments alone, for the ledger."""
        return sha256_of(self.args)


@dataclass(frozen=True)
class CallScope:
    """Where a call runs. `task_id` must be the same again when a crashed task is run again."""

    thread_id: str
    task_id: str


@dataclass(frozen=True)
class CallContext:
    """What a running tool may know about its call.

    `transaction` is the handle of the ledger's transaction for `transactional` tools (a psycopg
    AsyncConnection under the server, None in memory) and None for every other tool.
    """

    idempotency_key: str
    call_id: str
    transaction: object | None = None


def idempotency_key(scope: CallScope, call: ToolCall) -> str:
    """The key of one effect: equal for every attempt at the same call of the same task."""
    text = f"{scope.thread_id}|{scope.task_id}|{call.id}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def current_call() -> CallContext:
    """The call that is being run; for use inside a tool.

    >>> @tool(effect="idempotent")
    ... async def create_ticket(title: str) -> str:
    ...     '''Open a ticket.'''
    ...     return await tickets.create(title, idempotency_key=current_call().idempotency_key)

    Raises:
        NotInToolCall: no gateway is running this code.
    """
    context = _current.get()
    if context is None:
        raise NotInToolCall(
            "current_call() was read outside a tool call; read it inside a tool that a Gateway runs, "
            "or wrap the code in call_context(...) in a test"
        )
    return context


@contextmanager
def call_context(context: CallContext) -> Iterator[CallContext]:
    """Make `context` what `current_call()` answers inside the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def sha256_of(value: object) -> str:
    """SHA-256 of the canonical JSON of `value`: sorted keys, no spaces, ASCII."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)


_current: ContextVar[CallContext | None] = ContextVar("holdfast_current_call", default=None)
