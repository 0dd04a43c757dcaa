"""Sets what the kernel itself holds a worker process to: processors, niceness, open files."""

from __future__ import annotations

import os
import resource

from holdfast_server.config.workers import Limits
from holdfast_server.errors import ConfigError


def take(limits: Limits, *, pool: str) -> None:
    """Puts the limits on this process and all that it starts.

    Raises:
        ConfigError: this machine cannot hold one of them.
    """
    try:
        if limits.cpus is not None:
            os.sched_setaffinity(0, _processors(limits.cpus))
        if limits.nice is not None:
            os.setpriority(os.PRIO_PROCESS, 0, max(limits.nice, os.getpriority(os.PRIO_PROCESS, 0)))
        if limits.open_files is not None:
            files = _at_most_allowed(limits.open_files, resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    except (OSError, AttributeError) as error:
        raise ConfigError(
            f'this machine does not take the limits of worker pool "{pool}": {error}; '
            "correct cpus, nice and open_files under holdfast.workers"
        ) from None


def cap_data(more: int) -> None:
    """Lets this process allocate so many bytes more than it has; then Python raises MemoryError."""
    size = data_size()
    if size is not None:
        most = _at_most_allowed(size + more, resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def resident_size() -> int | None:
    """Bytes of memory that this process occupies; None where the system does not tell."""
    return _pages(1)


def data_size() -> int | None:
    """Bytes of memory of its own that this process may write to, occupied or not."""
    return _pages(5)


def _pages(column: int) -> int | None:
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[column]) * resource.getpagesize()
    except OSError:
        return None


def _processors(cpus: int | tuple[int, ...]) -> set[int]:
    """Those that were named; or so many, not always the same, of those that we may use."""
    if isinstance(cpus, tuple):
        return set(cpus)
    usable = sorted(os.sched_getaffinity(0))
    first = os.getpid() % len(usable)
    return {usable[(first + n) % len(usable)] for n in range(min(cpus, len(usable)))}


def _at_most_allowed(wanted: int, what: int) -> int:
    _, hard = resource.getrlimit(what)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
