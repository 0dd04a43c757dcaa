"""The exceptions of sealing.

HoldfastError
└── DatabaseError
    └── SealBroken       something in the database cannot be opened
        ├── UnknownKey   it is sealed with a key that this process does not have
        └── Tampered     it was changed, cut, or moved to a place of another kind
"""

from __future__ import annotations

from holdfast_server.errors import DatabaseError


class SealBroken(DatabaseError):
    """What cannot be opened."""


class UnknownKey(SealBroken):
    """Sealed with a key that this process does not have.

    Args:
        key_id: of that key.
    """

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"this is sealed with key {key_id}, which is not among the keys of this process; "
            "add it to holdfast.sealing.old_keys in langgraph.json and restart"
        )
        self.key_id = key_id


class Tampered(SealBroken):
    """Not what was sealed.

    Args:
        key_id: of the key that it says it is sealed with.
    """

    def __init__(self, key_id: str) -> None:
        super().__init__(f"this was sealed with key {key_id} and is damaged; restore it from a backup")
        self.key_id = key_id
