"""A provider: gives the value of a secret of a tenant. The environment, a folder, or code of yours."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from holdfast_server.config.secrets import FromCode, FromEnvironment, FromFiles, ProviderSpec
from holdfast_server.errors import ConfigError, UserCodeError
from holdfast_server.given import given
from holdfast_server.secrets.errors import SecretUnavailable
from holdfast_server.user_code import load_object

# The tenant whose secrets are the house's own: what langgraph.json refers to, and a house of one tenant.
HOUSE = "default"
_LARGEST = 64 * 1024
# Upper-cased, two of these never become the same, and none ends where the name begins.
_TENANT_IN_ENVIRONMENT = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_TENANT_FOLDER = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9_.@-]*")


class Provider(Protocol):
    """What a provider of yours has to be; langgraph.json names one, or a function that makes one."""

    async def get(self, tenant: str, name: str) -> str | None:
        """The value, or None when there is none.

        Args:
            tenant: whose run or request asks; `default` for langgraph.json itself.
            name: as in `secret:NAME`; letters, digits, `_`, `-` and single dots.
        """
        ...


class Environment:
    """Variables: PREFIX + NAME for the house, PREFIX + TENANT + __ + NAME for a tenant.

    They are taken out of `variables` when the provider is made, so that code of the user's, which runs for
    all tenants, does not find them in its environment.
    """

    def __init__(self, prefix: str, variables: Mapping[str, str]) -> None:
        self._prefix = prefix
        self._values = {k: v for k, v in variables.items() if k.startswith(prefix)}

    async def get(self, tenant: str, name: str) -> str | None:
        """The variable's value."""
        variable = self._variable(tenant, name)
        return None if variable is None else self._values.get(variable)

    def where(self, tenant: str, name: str) -> str:
        """The variable, for a person."""
        variable = self._variable(tenant, name)
        return f"variable {variable}" if variable else f"no variable can hold {name} of tenant {tenant}"

    def _variable(self, tenant: str, name: str) -> str | None:
        # Two underscores part tenant and name; in a name they could name another tenant.
        if "__" in name or name.startswith("_"):
            return None
        if tenant == HOUSE:
            return self._prefix + name
        if not _TENANT_IN_ENVIRONMENT.fullmatch(tenant):
            return None
        return f"{self._prefix}{tenant.upper()}__{name}"


class Files:
    """A folder: `<path>/<NAME>` for the house, `<path>/<tenant>/<NAME>` for a tenant; read at every use.

    Links are followed as far as they stay in the folder, as those of Kubernetes do.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def get(self, tenant: str, name: str) -> str | None:
        """The file's text without the end of its last line.

        Raises:
            SecretUnavailable: a file that cannot be read, is too large, is no text, or lies elsewhere.
        """
        for folder in self._folders(tenant):
            if (found := _read(folder, name)) is not None:
                return found
        return None

    def where(self, tenant: str, name: str) -> str:
        """The files, for a person."""
        files = [str(folder / name) for folder in self._folders(tenant)]
        return f"file {' and '.join(files)}" if files else f"no folder can hold secrets of tenant {tenant}"

    def _folders(self, tenant: str) -> list[Path]:
        own = [self._path / tenant] if _TENANT_FOLDER.fullmatch(tenant) else []
        return [*own, self._path] if tenant == HOUSE else own


class Code:
    """A provider of the user's."""

    def __init__(self, named: str, provider: Any) -> None:
        self._named = named
        self._provider = provider

    async def get(self, tenant: str, name: str) -> str | None:
        """What it says.

        Raises:
            SecretUnavailable: it raised, or said something that is no text.
        """
        try:
            found = await self._provider.get(tenant, name)
        except (Exception, SystemExit) as error:
            # What it says may quote what it must not.
            raise SecretUnavailable(f"{self._named} failed with {type(error).__name__}") from None
        if found is not None and not isinstance(found, str):
            raise SecretUnavailable(
                f"{self._named} gave a {type(found).__name__}; it must give a text or None"
            )
        return found

    def where(self, tenant: str, name: str) -> str:
        """The provider, for a person."""
        return f"provider {self._named}"


AnyProvider = Environment | Files | Code


def provider_of(spec: ProviderSpec, folder: Path, variables: Mapping[str, str] | None = None) -> AnyProvider:
    """The provider that langgraph.json describes.

    Raises:
        ConfigError: code of the user's that does not load, or is no provider.
    """
    match spec:
        case FromEnvironment(prefix):
            return Environment(prefix, given() if variables is None else variables)
        case FromFiles(path):
            return Files(path)
        case FromCode(path):
            return _code(f"{path.source}:{path.name}", path.source, path.name, folder)


def _code(named: str, source: str, name: str, folder: Path) -> Code:
    try:
        found = load_object("a provider of holdfast.secrets", source, name, folder)
        if not hasattr(found, "get") or inspect.isclass(found):
            found = found()
    except UserCodeError as error:
        raise ConfigError(str(error)) from None
    except Exception as error:
        raise ConfigError(
            f"holdfast.secrets: {named} cannot be made: {type(error).__name__}: {error}"
        ) from None
    if not inspect.iscoroutinefunction(getattr(found, "get", None)):
        raise ConfigError(
            f"holdfast.secrets: {named} has no `async def get(self, tenant, name)`; give it one"
        )
    return Code(named, found)


def _read(folder: Path, name: str) -> str | None:
    file = folder / name
    try:
        if not file.is_file():
            return None
        if not file.resolve().is_relative_to(folder.resolve()):
            raise SecretUnavailable(f"{file} is a link out of its folder; mount the secret there")
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise SecretUnavailable(f"{file} cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise SecretUnavailable(f"{file} has more than {_LARGEST} bytes")
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretUnavailable(f"{file} is no UTF-8 text") from None
