"""The environment that langgraph.json grants, with its references resolved."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from holdfast_server.config.app import AppConfig
from holdfast_server.config.webhooks import Webhooks
from holdfast_server.errors import ConfigError
from holdfast_server.given import given
from holdfast_server.masking.masker import MASKER
from holdfast_server.masking.suspects import suspects
from holdfast_server.secrets.errors import SecretUnavailable, UnknownSecret
from holdfast_server.secrets.provider import HOUSE
from holdfast_server.secrets.reference import filled, names_in
from holdfast_server.secrets.secrets import Secrets
from holdfast_server.user_code import make_importable


def prepared(config: AppConfig, *, headers: bool = True) -> tuple[AppConfig, Secrets]:
    """The config with its `env` resolved (and the headers of webhooks), and the secrets of this process.

    To be called before code of the user's loads. From here on the masker knows what is secret in `env` and
    in the environment of the process.

    Raises:
        ConfigError: a reference that does not resolve, or a provider that does not load.
    """
    # What was granted to graphs is in the environment; what the house keeps for itself is not there any more.
    learn_environment({**os.environ, **given()})
    # A provider of the user's is imported like any code of theirs, with what the process itself has.
    make_importable(config.import_paths, {})
    secrets = Secrets.of(config)
    env = resolved_environment(config, secrets)
    learn_environment(env)
    webhooks = _with_headers(config, secrets) if headers else config.webhooks
    return replace(config, env=env, webhooks=webhooks), secrets


def resolved_environment(config: AppConfig, secrets: Secrets) -> dict[str, str]:
    """`env` of langgraph.json with its references resolved.

    Raises:
        ConfigError: one does not resolve; names the variable and where was looked.
    """
    return {name: _resolved(config, f"env.{name}", value, secrets) for name, value in config.env.items()}


def references(config: AppConfig) -> list[tuple[str, str]]:
    """Where langgraph.json refers to secrets, and their names."""
    places = {f"env.{name}": value for name, value in config.env.items()}
    places |= {f"webhooks.headers.{name}": value for name, value in config.webhooks.headers.items()}
    return [(place, name) for place, value in places.items() for name in names_in(value)]


def learn_environment(environment: Mapping[str, str]) -> None:
    """Teaches the masker what is secret in an environment by its name, and the passwords in its URLs."""
    for name, value in suspects(environment):
        # The name of a reference that was resolved says more than that of a variable.
        if not names_in(value) and not MASKER.knows(value):
            MASKER.learn(name, value)


def _with_headers(config: AppConfig, secrets: Secrets) -> Webhooks:
    headers = {
        name: _resolved(config, f"webhooks.headers.{name}", value, secrets)
        for name, value in config.webhooks.headers.items()
    }
    return replace(config.webhooks, headers=headers)


def _resolved(config: AppConfig, place: str, value: str, secrets: Secrets) -> str:
    if not names_in(value):
        return value
    try:
        return filled(value, partial(secrets.get_now, HOUSE))
    except (UnknownSecret, SecretUnavailable) as error:
        raise ConfigError(f'{config.path}: "{place}": {error}') from None
