"""Settings: what an operator may change, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from holdfast_server.errors import ConfigError
from holdfast_server.given import given as given_environment

PREFIX = "HOLDFAST_"
_FLAGS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}
# Bytes of one message over MCP, A2A or a WebSocket; what is larger belongs into a store.
MAX_MESSAGE = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every field can be set as `HOLDFAST_<NAME>` in the environment; times are in seconds.

    Attributes:
        database_url: PostgreSQL to use; also read from `DATABASE_URL`. Empty: the embedded one.
        config: path of langgraph.json.
        pool: which worker pool of langgraph.json a worker belongs to.
        data_dir: where the embedded PostgreSQL keeps its data.
        concurrency: runs that one worker process executes at the same time.
        lease: how long a worker that went silent keeps its runs.
        beat: how often a worker renews its leases.
        silence: a worker whose session lock is gone is dead after this long without a beat.
        rescue_every: how often abandoned runs are looked for.
        max_attempts: a run that loses its worker this often without getting any further ends in error.
        cancel_grace: a cancelled run that its worker does not end in this time is ended without it.
        drain: how long SIGTERM lets running steps finish.
        event_ttl: how long the stream events of a finished run are kept.
        event_limit: how many stream events are kept of one thread; the oldest go first.
        recursion_limit: supersteps of one run unless the request or the assistant says otherwise.
        run_timeout: wall-clock limit of one attempt at a run.
        pool_size: PostgreSQL connections of one process.
        handler_timeout: how long code of yours in the API (an auth handler) may take to answer.
        ask_patience: how long the API waits for a worker's answer about a state or the store; at most 18.
        require_keys: whether callers need an API key (or another way to say who they are) also on loopback.
        max_body: bytes that a request's body may have.
        max_head: bytes that a request's line and headers may have.
        max_url: bytes that a request's path and query may have.
        head_timeout: how long a client may take to send line and headers.
        body_timeout: how long a body may make no progress to speak of (1000 bytes a second).
        webhook_attempts: a webhook that failed so often is dead.
        webhook_pause: time between the first attempts at a webhook; it doubles from the third on.
        webhook_timeout: how long a webhook's receiver may take to answer.
    """

    database_url: str = ""
    config: Path = field(default=Path("langgraph.json"))
    pool: str = "default"
    data_dir: Path = field(default=Path(".holdfast"))
    concurrency: int = 10
    lease: float = 10.0
    beat: float = 1.0
    silence: float = 1.5
    rescue_every: float = 0.5
    max_attempts: int = 5
    cancel_grace: float = 5.0
    drain: float = 20.0
    event_ttl: float = 3600.0
    event_limit: int = 100_000
    recursion_limit: int = 10_000
    run_timeout: float = 86_400.0
    pool_size: int = 9
    handler_timeout: float = 10.0
    ask_patience: float = 15.0
    require_keys: bool = False
    max_body: int = 50_000_000
    max_head: int = 65_536
    max_url: int = 16_384
    head_timeout: float = 20.0
    body_timeout: float = 30.0
    webhook_attempts: int = 3
    webhook_pause: float = 2.0
    webhook_timeout: float = 10.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Reads the settings; `given` values that are not None win.

        Raises:
            ConfigError: a value has the wrong type; the sentence names the variable.
        """
        env = given_environment() if environment is None else environment
        defaults = cls()
        values: dict[str, Any] = {}
        for f in fields(cls):
            if raw := env.get(PREFIX + f.name.upper()):
                values[f.name] = _parse(PREFIX + f.name.upper(), raw, getattr(defaults, f.name))
        if "database_url" not in values and env.get("DATABASE_URL"):
            values["database_url"] = env["DATABASE_URL"]
        values |= {name: value for name, value in given.items() if value is not None}
        return replace(defaults, **values)

    @property
    def lease_interval(self) -> timedelta:
        """The lease as the database takes it."""
        return timedelta(seconds=self.lease)


def _parse(name: str, raw: str, default: object) -> object:
    try:
        match default:
            case Path():
                return Path(raw)
            case bool():
                return _FLAGS[raw.strip().lower()]
            case int():
                return int(raw)
            case float():
                return float(raw)
            case _:
                return raw
    except KeyError:
        raise ConfigError(f"{name} is {raw!r}; it must be true or false") from None
    except ValueError:
        raise ConfigError(f"{name} is {raw!r}, which is no number; correct or unset it") from None
