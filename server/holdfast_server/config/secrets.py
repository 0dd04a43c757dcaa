"""The section `holdfast.secrets` of langgraph.json: where secrets come from, and which all tenants share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdfast_server.config.section import ObjectPath, Section

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
LONGEST_NAME = 128
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]*_")


@dataclass(frozen=True)
class FromEnvironment:
    """Variables of the process that start with `prefix`; `env` of langgraph.json is not among them."""

    prefix: str = "HOLDFAST_SECRET_"


@dataclass(frozen=True)
class FromFiles:
    """A folder with one file a secret, and one folder a tenant."""

    path: Path


@dataclass(frozen=True)
class FromCode:
    """An object with `async get(tenant, name)`, or a function that makes one."""

    path: ObjectPath


ProviderSpec = FromEnvironment | FromFiles | FromCode


@dataclass(frozen=True)
class SecretsConfig:
    """What langgraph.json says about secrets.

    Attributes:
        providers: asked in this order.
        shared: names that a tenant who has no such secret takes from the house.
        unknown_keys: keys that Holdfast does not read.
    """

    providers: tuple[ProviderSpec, ...] = (FromEnvironment(),)
    shared: frozenset[str] = frozenset()
    unknown_keys: tuple[str, ...] = ()

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What the names of variables begin with that hold secrets; user code sees none of them."""
        return tuple(spec.prefix for spec in self.providers if isinstance(spec, FromEnvironment))


def read_secrets(path: Path, raw: object) -> SecretsConfig:
    """The section; what is absent has its default.

    Raises:
        ConfigError: the sentence names the key and the mend.
    """
    section = Section.of(path, "holdfast.secrets", raw)
    listed = section.values.get("providers")
    if listed is not None and (not isinstance(listed, list) or not listed):
        raise section.wrong("providers", 'must be a list such as [{"type": "files", "path": "/run/secrets"}]')
    specs = [_provider(path, number, item) for number, item in enumerate(listed or ())]
    shared = section.names("shared") or ()
    if wrong := [name for name in shared if not is_name(name)]:
        raise section.wrong("shared", f"must list names of secrets, and {wrong[0]!r} is none")
    return SecretsConfig(
        providers=tuple(spec for spec, _ in specs) or SecretsConfig().providers,
        shared=frozenset(shared),
        unknown_keys=(
            *section.unknown(("providers", "shared")),
            *(key for _, unknown in specs for key in unknown),
        ),
    )


def is_name(name: str) -> bool:
    """Whether a secret may be called so: nothing that could lead out of a folder."""
    return len(name) <= LONGEST_NAME and NAME.fullmatch(name) is not None


def _provider(path: Path, number: int, raw: Any) -> tuple[ProviderSpec, tuple[str, ...]]:
    section = Section.of(path, f"holdfast.secrets.providers[{number}]", raw)
    match section.values.get("type", "code"):
        case "env":
            return _environment(section), section.unknown(("type", "prefix"))
        case "files":
            where = section.text("path")
            if not where:
                raise section.wrong("path", "must name the folder with the secrets")
            return FromFiles(path.parent / Path(where).expanduser()), section.unknown(("type", "path"))
        case "code":
            found = section.object_path("path")
            if found is None:
                raise section.wrong("path", 'must be written as "./file.py:name" or "module:name"')
            return FromCode(found), section.unknown(("type", "path"))
    raise section.wrong("type", 'must be "env" or "files"; a provider of your own has only a "path"')


def _environment(section: Section) -> FromEnvironment:
    prefix = section.text("prefix") or FromEnvironment().prefix
    if not _PREFIX.fullmatch(prefix) or prefix == "HOLDFAST_":
        # Without one, whoever may start a run could ask for DATABASE_URL.
        raise section.wrong("prefix", 'must be a prefix of its own such as "APP_SECRET_"')
    return FromEnvironment(prefix)
