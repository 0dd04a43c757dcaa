"""The keys that the database is sealed with: secrets of the house, which no run may ask for."""

from __future__ import annotations

from functools import partial

from holdfast_server.config.app import AppConfig
from holdfast_server.config.sealing import sealer_of
from holdfast_server.errors import ConfigError
from holdfast_server.sealing.sealer import Sealer
from holdfast_server.secrets.errors import SecretUnavailable, UnknownSecret
from holdfast_server.secrets.provider import HOUSE
from holdfast_server.secrets.secrets import Secrets


def sealer_for(config: AppConfig | None) -> Sealer:
    """The sealer that langgraph.json asks for.

    Raises:
        ConfigError: a key is not there, or is none.
    """
    section = config.house.sealing if config else None
    if config is None or section is None:
        return Sealer()
    secrets = Secrets.of(config, for_runs=False)
    try:
        return sealer_of(section, partial(secrets.get_now, HOUSE))
    except (UnknownSecret, SecretUnavailable) as error:
        raise ConfigError(f'{config.path}: "holdfast.sealing": {error}') from None
