"""The secrets of one tenant, as tools and nodes of its runs ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast_server.masking.masker import MASKER
from holdfast_server.secrets.errors import UnknownSecret
from holdfast_server.secrets.secrets import Secrets
from holdfast_tools import errors


@dataclass(frozen=True)
class TenantSecrets:
    """A `holdfast_tools.SecretResolver` that reaches the secrets of one tenant, and those that all share."""

    secrets: Secrets
    tenant: str

    async def get(self, name: str) -> str:
        """The value.

        Raises:
            holdfast_tools.UnknownSecret: says where was looked.
        """
        try:
            return await self.secrets.get(self.tenant, name)
        except UnknownSecret as unknown:
            raise errors.UnknownSecret(str(unknown)) from None

    def get_now(self, name: str) -> str:
        """The same, for code without an event loop."""
        try:
            return self.secrets.get_now(self.tenant, name)
        except UnknownSecret as unknown:
            raise errors.UnknownSecret(str(unknown)) from None

    def masked(self, text: str) -> str:
        """The text without any known secret."""
        return MASKER.text(text)
