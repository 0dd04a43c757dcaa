"""Ctrl-C: whatever asks the demo to stop arrives as KeyboardInterrupt, and never disturbs the clearing up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def listen() -> None:
    """Treat SIGTERM and a closed terminal like Ctrl-C."""
    # A shell starts background jobs with SIGINT ignored, and our children would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for sign in (signal.SIGTERM, signal.SIGHUP):
        # By way of SIGINT, which asyncio.run turns into an orderly end of its tasks.
        signal.signal(sign, lambda *_: signal.raise_signal(signal.SIGINT))


def stop_listening() -> None:
    """Ignore all further signals: everything is cleared up and the last lines follow."""
    for sign in SIGNS:
        signal.signal(sign, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """Ignore further signals while the block clears up; it must end by itself."""
    before = {sign: signal.signal(sign, signal.SIG_IGN) for sign in SIGNS}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
