"""The sealer of this process: set once, before the first connection is made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, overload

from holdfast_server.masking.masker import MASKER
from holdfast_server.sealing.sealer import Sealer

_sealer = Sealer()


def sealer() -> Sealer:
    """The sealer of this process; one without keys until `install`."""
    return _sealer


def install(new: Sealer) -> None:
    """Makes this the sealer of the process."""
    global _sealer
    _sealer = new


@contextmanager
def sealing_with(new: Sealer) -> Iterator[None]:
    """Another sealer for a while (tests, benchmarks)."""
    before = _sealer
    install(new)
    try:
        yield
    finally:
        install(before)


@overload
def seal_text(text: str) -> str: ...
@overload
def seal_text(text: None) -> None: ...
@overload
def seal_text(text: str | None) -> str | None: ...
def seal_text(text: str | None) -> str | None:
    """A text or JSON text as it may be written to the database.

    What is sealed is masked first: the cursor, which masks every parameter, cannot look inside.
    """
    if text is None or _sealer.key_id is None:
        return text
    return _sealer.seal_text(MASKER.text(text))


def opened(value: Any) -> Any:
    """A value as it was before it was sealed.

    Raises:
        UnknownKey, Tampered: it cannot be opened.
    """
    return _sealer.open_value(value)
