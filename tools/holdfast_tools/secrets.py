"""Secrets by name: what a tool or a node asks for when it needs it, and never keeps in a state."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol

from holdfast_tools.errors import UnknownSecret


class SecretResolver(Protocol):
    """Knows the secrets of whoever the running code works for."""

    async def get(self, name: str) -> str:
        """The value; raises when there is none."""
        ...

    def get_now(self, name: str) -> str:
        """The same, for code without an event loop."""
        ...

    def masked(self, text: str) -> str:
        """The text without any known secret."""
        ...


async def secret(name: str) -> str:
    """The value of a secret; under a server that of the run's tenant, elsewhere the environment variable.

    >>> @tool(effect="read")
    ... async def weather(city: str) -> str:
    ...     '''Look the weather up.'''
    ...     return await forecast(city, key=await secret("WEATHER_KEY"))

    Raises:
        UnknownSecret: there is none; under a server the error says where was looked.
    """
    return await current_secrets().get(name)


def secret_now(name: str) -> str:
    """`secret` for code without an event loop. It blocks; async code awaits `secret`."""
    return current_secrets().get_now(name)


@dataclass
class EnvironmentSecrets:
    """Environment variables: for plain LangGraph, Studio and unit tests. Masks the values it gave away."""

    _given: dict[str, str] = field(default_factory=dict)

    async def get(self, name: str) -> str:
        return self.get_now(name)

    def get_now(self, name: str) -> str:
        value = os.environ.get(name)
        if not value:
            raise UnknownSecret(f"secret {name} is not known; set the environment variable {name}")
        self._given[value] = name
        return value

    def masked(self, text: str) -> str:
        for value, name in sorted(self._given.items(), key=lambda given: -len(given[0])):
            # Shorter ones would tear words that only look like them.
            if len(value) >= 6:
                text = text.replace(value, f"[secret:{name}]")
        return text


_default = EnvironmentSecrets()
_resolver: ContextVar[SecretResolver] = ContextVar("holdfast_secrets", default=_default)


def current_secrets() -> SecretResolver:
    """The resolver of this context: the one given to `use_secrets`, else the environment."""
    return _resolver.get()


@contextmanager
def use_secrets(resolver: SecretResolver) -> Iterator[SecretResolver]:
    """Let `secret` inside the block ask `resolver`, and every gateway mask by it."""
    token = _resolver.set(resolver)
    try:
        yield resolver
    finally:
        _resolver.reset(token)
