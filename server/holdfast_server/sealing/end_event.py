"""The end of a run as an event: PostgreSQL writes it, around an error that may be sealed by itself."""

from __future__ import annotations

from holdfast_server import wire
from holdfast_server.sealing.house import opened
from holdfast_server.sealing.sealer import MARK


def opened_end(data: str) -> str:
    """The event's JSON text, with the message of its error readable.

    Raises:
        UnknownKey, Tampered: it cannot be opened.
    """
    told = wire.loads(data) if MARK in data else {}
    sealed = told.get("error")
    error = opened(sealed)
    return data if error == sealed else wire.dumps_text({**told, "error": wire.loads(error)["message"]})
