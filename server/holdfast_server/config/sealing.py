"""The section `holdfast.sealing` of langgraph.json: by which keys the database is sealed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from holdfast_server.config.section import Section
from holdfast_server.errors import ConfigError
from holdfast_server.sealing.key import Key
from holdfast_server.sealing.sealer import Sealer

_SECRET = "secret:"
_REFERENCE = r"secret:[A-Za-z_][\w.-]*"


@dataclass(frozen=True)
class SealingConfig:
    """Keys by reference, as `secret:NAME`.

    Attributes:
        key: seals what is written; None: it is written readable, and what was sealed before is opened.
        old_keys: open what they have sealed.
        unknown_keys: keys of the section that Holdfast does not read.
    """

    key: str | None = None
    old_keys: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()


def read_sealing(section: Section | None) -> SealingConfig | None:
    """Reads and checks the section; None when it is absent.

    Raises:
        ConfigError: names the key and the mend, and repeats nothing that may be a secret.
    """
    if section is None:
        return None
    key, old = section.values.get("key"), section.values.get("old_keys") or []
    if not isinstance(old, list):
        raise ConfigError(f'{section.path}: "{section.name}.old_keys" must be a list of "secret:NAME"')
    for name, reference in [*([("key", key)] if key is not None else []), *(("old_keys", k) for k in old)]:
        if not isinstance(reference, str) or not re.fullmatch(_REFERENCE, reference):
            raise ConfigError(
                f'{section.path}: "{section.name}.{name}" must name its secret as "secret:NAME"; '
                "a key itself does not belong into this file"
            )
    if key is None and not old:
        raise ConfigError(f'{section.path}: "{section.name}" names no key; set "key": "secret:NAME"')
    return SealingConfig(key, tuple(old), section.unknown(("key", "old_keys")))


def references(config: SealingConfig | None) -> list[str]:
    """The names of the secrets; no run may ask for them."""
    if config is None:
        return []
    named = (*config.old_keys, *([config.key] if config.key else []))
    return [reference.removeprefix(_SECRET) for reference in named]


def sealer_of(config: SealingConfig | None, value_of: Callable[[str], str]) -> Sealer:
    """The sealer that the section asks for.

    Args:
        config: the section.
        value_of: what a secret of this name holds.

    Raises:
        ConfigError: a secret holds no key; and what `value_of` raises.
    """
    if config is None:
        return Sealer()
    old = [_key(reference, value_of) for reference in config.old_keys]
    return Sealer(_key(config.key, value_of) if config.key else None, old)


def _key(reference: str, value_of: Callable[[str], str]) -> Key:
    return Key.read(reference, value_of(reference.removeprefix(_SECRET)))
