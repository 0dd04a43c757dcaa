"""Ends a child process whose `holdfast dev` was killed, so that nothing is left behind."""

from __future__ import annotations

import os
import threading
import time

from holdfast_server.given import given

VARIABLE = "HOLDFAST_SUPERVISOR_PID"


def end_with_supervisor() -> None:
    """Starts the watch, if a supervisor is named in the environment."""
    supervisor = given().get(VARIABLE)
    if supervisor:
        threading.Thread(target=_watch, args=[int(supervisor)], name="supervisor-watch", daemon=True).start()


def _watch(supervisor: int) -> None:
    while os.getppid() == supervisor:
        time.sleep(0.5)
    os._exit(1)
