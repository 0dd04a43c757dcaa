"""The exceptions of secrets; none of them shows a value.

HoldfastError
├── UnknownSecret       no provider has it; says where was looked
└── SecretUnavailable   a provider failed, or has something that is no secret
"""

from __future__ import annotations

from holdfast_server.errors import HoldfastError


class UnknownSecret(HoldfastError):
    """No provider has a secret of this name for this tenant."""


class SecretUnavailable(HoldfastError):
    """A provider cannot say what the secret is."""
