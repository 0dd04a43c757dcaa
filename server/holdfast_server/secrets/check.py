"""`holdfast secrets check`: which references of langgraph.json resolve; never a value."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast_server.config.app import AppConfig
from holdfast_server.secrets.environment import references
from holdfast_server.secrets.errors import SecretUnavailable, UnknownSecret
from holdfast_server.secrets.provider import HOUSE
from holdfast_server.secrets.secrets import Secrets
from holdfast_server.user_code import make_importable


@dataclass(frozen=True)
class Checked:
    """One reference: where it stands, what it names, and why it does not resolve, or None."""

    place: str
    name: str
    problem: str | None

    def line(self) -> str:
        """As a line for a person."""
        mark = "ok " if self.problem is None else "BAD"
        return f"{mark}  {self.place:<32} " + (self.problem or f"secret:{self.name} resolves")


def check(config: AppConfig, *, tenant: str = HOUSE, names: tuple[str, ...] = ()) -> list[Checked]:
    """Looks up every reference of langgraph.json, and names of a tenant.

    Raises:
        ConfigError: a provider does not load.
    """
    make_importable(config.import_paths, {})
    secrets = Secrets.of(config)
    found = [_checked(secrets, place, HOUSE, name) for place, name in references(config)]
    return found + [_checked(secrets, f"tenant {tenant}", tenant, name) for name in names]


def _checked(secrets: Secrets, place: str, tenant: str, name: str) -> Checked:
    try:
        secrets.get_now(tenant, name)
    except (UnknownSecret, SecretUnavailable) as error:
        return Checked(place, name, str(error))
    return Checked(place, name, None)
