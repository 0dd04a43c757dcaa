"""Speech: what this process says, in its log and on its standard streams, is masked before it is said."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from holdfast_server import correlation
from holdfast_server.masking.masker import MASKER

_TRACES = logging.Formatter()


class MaskedRecord(logging.LogRecord):
    """A record whose message and traceback are masked, whichever handler writes it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info and self.exc_info[0] is not None:
            # A formatter writes this text and does not render the exception again.
            self.exc_text = MASKER.said(_TRACES.formatException(self.exc_info))
        if self.stack_info:
            self.stack_info = MASKER.said(self.stack_info)

    def getMessage(self) -> str:
        """The message with its arguments."""
        return MASKER.said(super().getMessage())


class MaskedStream(io.TextIOBase):
    """A text stream before another one; what it is asked beyond writing, the other one answers."""

    def __init__(self, behind: TextIO) -> None:
        self._behind = behind

    def write(self, text: str) -> int:
        """Writes a text."""
        self._behind.write(MASKER.said(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override]
        """Writes texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Passes on what waits."""
        self._behind.flush()

    def fileno(self) -> int:
        """Of the stream behind."""
        return self._behind.fileno()

    def isatty(self) -> bool:
        """Whether a person reads."""
        return self._behind.isatty()

    def writable(self) -> bool:
        """Always."""
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream behind."""
        return self._behind.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """Of the stream behind."""
        return self._behind.errors

    @property
    def buffer(self) -> MaskedBuffer:
        """For who writes bytes."""
        return MaskedBuffer(self._behind.buffer)


class MaskedBuffer(io.BufferedIOBase):
    """A stream of bytes before another one."""

    def __init__(self, behind: Any) -> None:
        self._behind = behind

    def write(self, data: Any) -> int:
        """Writes bytes."""
        written: int = self._behind.write(MASKER.bytes(bytes(data)))
        return written

    def flush(self) -> None:
        """Passes on what waits."""
        self._behind.flush()

    def fileno(self) -> int:
        """Of the stream behind."""
        number: int = self._behind.fileno()
        return number

    def writable(self) -> bool:
        """Always."""
        return True


def mask_speech() -> None:
    """Masks the log and the standard streams of this process; safe twice."""
    logging.setLogRecordFactory(MaskedRecord)
    # It stands before the factory that knows the request.
    correlation.label_log_records()
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, MaskedStream):
            setattr(sys, name, MaskedStream(stream))
