"""A vault of the user's: two secrets, from a file beside it that only the test writes."""

import json
from pathlib import Path


class Vault:
    def __init__(self) -> None:
        self._held = json.loads((Path(__file__).parent / "vault.json").read_text())

    async def get(self, tenant: str, name: str) -> str | None:
        if name == "TALKATIVE":
            raise ValueError(self._held["default"]["HOUSE_VAULT"])
        return self._held.get(tenant, {}).get(name)
