"""The name of a tenant: the rule that every source of tenants keeps."""

from __future__ import annotations

import re

DEFAULT = "default"
_RULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@:-]{0,127}")


def tenant_named(text: object) -> str:
    """The tenant of this name.

    Raises:
        ValueError: no tenant can have it; the sentence says what one looks like.
    """
    if isinstance(text, str) and _RULE.fullmatch(text):
        return text
    raise ValueError(
        f"{_short(text)} is no name of a tenant: 1 to 128 letters, digits and _ . @ : -; no sign comes first"
    )


def _short(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."
