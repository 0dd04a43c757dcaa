"""The secrets of a process: asks the providers, teaches the masker, and never remembers a value itself."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, MutableMapping
from concurrent.futures import Future
from functools import cached_property
from typing import Any, TypeVar

from holdfast_server.config.app import AppConfig
from holdfast_server.config.sealing import references
from holdfast_server.config.secrets import is_name
from holdfast_server.masking.masker import MASKER
from holdfast_server.secrets.errors import SecretUnavailable, UnknownSecret
from holdfast_server.secrets.provider import HOUSE, AnyProvider, provider_of

T = TypeVar("T")
_PATIENCE = 10.0


class Secrets:
    """Looks secrets up, for one tenant at a time.

    Lookups run on a thread of their own: providers of users may block, and code without an event loop asks
    too.

    Args:
        providers: asked in this order.
        shared: names that tenants without one of their own take from the house.
        withheld: names that are not handed out, whoever asks.
        patience: seconds that a provider has; twice as long when another one blocks the thread.
    """

    def __init__(
        self,
        providers: tuple[AnyProvider, ...] = (),
        shared: frozenset[str] = frozenset(),
        *,
        withheld: frozenset[str] = frozenset(),
        patience: float = _PATIENCE,
    ) -> None:
        self._providers = providers
        self._shared = shared
        self._withheld = withheld
        self._patience = patience

    @classmethod
    def of(cls, config: AppConfig | None, *, for_runs: bool = True) -> Secrets:
        """The secrets that langgraph.json describes; those that runs may have leave out the house's own keys.

        Raises:
            ConfigError: a provider of the user's does not load.
        """
        if config is None:
            return cls()
        said = config.house.secrets
        providers = tuple(provider_of(spec, config.folder) for spec in said.providers)
        withheld = frozenset(references(config.house.sealing)) if for_runs else frozenset()
        return cls(providers, said.shared, withheld=withheld)

    async def get(self, tenant: str, name: str) -> str:
        """The value; masked from now on.

        Raises:
            UnknownSecret: no provider has it; says where was looked.
            SecretUnavailable: a provider failed.
        """
        try:
            async with asyncio.timeout(2 * self._patience):
                return await asyncio.wrap_future(self._submit(self._found(tenant, name)))
        except TimeoutError:
            raise self._stuck(name) from None

    def get_now(self, tenant: str, name: str) -> str:
        """The value, for callers without an event loop.

        Raises:
            UnknownSecret, SecretUnavailable: as `get`.
        """
        try:
            return self._submit(self._found(tenant, name)).result(2 * self._patience)
        except TimeoutError:
            raise self._stuck(name) from None

    async def _found(self, tenant: str, name: str) -> str:
        if not is_name(name):
            raise UnknownSecret(
                f"{name[:100]!r} cannot be the name of a secret; use letters, digits and _ - ."
            )
        if name in self._withheld:
            raise UnknownSecret(f"secret:{name} is a key of the house, which no run may have")
        asked = [tenant, *([HOUSE] if name in self._shared and tenant != HOUSE else [])]
        looked = []
        for owner in asked:
            for provider in self._providers:
                value = await self._asked(provider, owner, name)
                if value is not None:
                    MASKER.learn(name, value)
                    return value
                looked.append(provider.where(owner, name))
        raise UnknownSecret(f"secret:{name} is not known; looked for {', '.join(looked) or 'nothing at all'}")

    async def _asked(self, provider: AnyProvider, tenant: str, name: str) -> str | None:
        try:
            async with asyncio.timeout(self._patience):
                value = await provider.get(tenant, name)
        except SecretUnavailable as failure:
            raise SecretUnavailable(f"secret:{name}: {failure}") from None
        except TimeoutError:
            where = provider.where(tenant, name)
            raise SecretUnavailable(
                f"secret:{name}: {where} did not answer in {self._patience:g} s"
            ) from None
        if value == "":
            raise SecretUnavailable(f"secret:{name} is empty in {provider.where(tenant, name)}")
        return value

    def _stuck(self, name: str) -> SecretUnavailable:
        return SecretUnavailable(f"secret:{name}: a provider blocks; let it await what it waits for")

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    @cached_property
    def _loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        threading.Thread(target=loop.run_forever, name="secrets", daemon=True).start()
        return loop


def hide_variables(config: AppConfig, environment: MutableMapping[str, str] = os.environ) -> None:
    """Takes the variables of secrets out of the environment, once the providers have them.

    What code of the user's starts, or prints of its environment, then holds none of another tenant's.
    """
    for name in [name for name in environment if name.startswith(config.house.secrets.prefixes)]:
        del environment[name]
