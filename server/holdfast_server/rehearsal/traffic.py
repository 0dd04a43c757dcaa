"""What the endpoint has been asked so far: one exchange a request, and how often each body came."""

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256

from holdfast_server.rehearsal.usage import Usage


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request; `status` is None while it waits for an answer, `at` is in Unix seconds."""

    model: str
    prompt_tokens: int
    at: float
    status: int | None = None
    completion_tokens: int = 0


@dataclass(slots=True)
class Traffic:
    """All exchanges since the endpoint started, in the order in which they came."""

    exchanges: list[Exchange] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def attempt(self, raw: bytes) -> int:
        """Count this body; 1 when it is new."""
        digest = sha256(raw).hexdigest()
        self.seen[digest] += 1
        return self.seen[digest]

    def open(self, exchange: Exchange) -> int:
        """Note a request that has just come; returns the ticket to close it with."""
        self.exchanges.append(exchange)
        return len(self.exchanges) - 1

    def close(self, ticket: int, status: int, usage: Usage | None = None) -> None:
        """Note what a request was answered with."""
        tokens = usage.completion_tokens if usage else 0
        self.exchanges[ticket] = replace(self.exchanges[ticket], status=status, completion_tokens=tokens)

    def as_json(self) -> list[dict[str, object]]:
        """Every exchange as a JSON object."""
        return [asdict(exchange) for exchange in self.exchanges]
