"""What keeps other processes of the same user out of this one; Linux only, elsewhere it is less."""

from __future__ import annotations

import ctypes
import os
import resource
import sys

_PR_SET_DUMPABLE = 4


def harden(*, debuggable: bool = False) -> None:
    """Closes this process: no debugger, no /proc/<pid>/mem or environ, no core dump, private files.

    Programs that it starts inherit the umask and the limit of core dumps only.
    """
    undumpable(not debuggable)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)


def undumpable(wanted: bool = True) -> None:
    """Memory and environment of this process are shown to root only (`PR_SET_DUMPABLE` in prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, int(not wanted), 0, 0, 0)
