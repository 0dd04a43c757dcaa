"""What a tool, and an agent as a whole, is allowed to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import JsonValue

from holdfast_tools.errors import BadPolicy, BadTool
from holdfast_tools.ledger import EffectKind


@dataclass(frozen=True)
class Approval:
    """When a call has to wait for a person, and for whom.

    `when` reads the arguments (defaults filled in) and answers whether this call waits; without it every
    call does, and a rule that raises makes the call wait too. `roles`, `reason` and `expires` travel with the
    question; the server enforces them.

    >>> Approval(when=lambda args: args["amount"] > 500, roles=("finance",), expires=timedelta(hours=8))
    """

    when: Callable[[Mapping[str, JsonValue]], bool] | None = None
    roles: tuple[str, ...] = ()
    reason: str = ""
    expires: timedelta | None = None

    def __post_init__(self) -> None:
        if isinstance(self.when, str):
            raise BadTool(
                f"Approval(when={self.when!r}) is text, and expressions are not understood yet; "
                'pass a callable, for instance when=lambda args: args["amount"] > 500'
            )
        if isinstance(self.roles, str):
            raise BadTool(
                f"Approval(roles={self.roles!r}) is one string; pass a tuple: roles=({self.roles!r},)"
            )
        object.__setattr__(self, "roles", tuple(self.roles))


@dataclass(frozen=True)
class Budget:
    """How much one turn may use; None means no limit.

    Only `steps` (calls to the model per turn) is kept by the graph itself today. `tokens`, `cost_usd` and
    `seconds` are declared here for the server, which enforces them around the graph.
    """

    tokens: int | None = None
    cost_usd: float | None = None
    steps: int | None = 25
    seconds: float | None = None

    def __post_init__(self) -> None:
        for name in ("tokens", "cost_usd", "steps", "seconds"):
            limit = getattr(self, name)
            if limit is not None and not limit > 0:
                raise BadPolicy(
                    f"Budget({name}={limit!r}) leaves nothing to spend; give a number above 0, or None"
                )


@dataclass(frozen=True)
class Policy:
    """The limits of one agent. Tools named in `approve` always wait for a person, whatever they declare."""

    budget: Budget = field(default_factory=Budget)
    approve: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if isinstance(self.approve, str):
            raise BadPolicy(
                f"Policy(approve={self.approve!r}) is one string; pass a set: {{{self.approve!r}}}"
            )
        object.__setattr__(self, "approve", frozenset(self.approve))


@dataclass(frozen=True)
class ToolPolicy:
    """The rules of one tool; `approval` None means that its calls never wait by themselves."""

    effect: EffectKind
    timeout: timedelta
    approval: Approval | None
