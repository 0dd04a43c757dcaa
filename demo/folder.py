"""The folder: where one demo at a time keeps everything, empty at the start."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ctrl_c import held_back
from errors import FolderInUse

from holdfast_server.db.embedded import embedded_postgres
from holdfast_server.errors import HoldfastError

DEV_LOG = "dev.log"


@contextmanager
def emptied(folder: Path) -> Iterator[None]:
    """Own `folder` while the block runs. A PostgreSQL that a kill -9 left running on it is stopped.

    Raises:
        FolderInUse: another demo is using it, or it holds something that is not a demo's.
    """
    with _sole_user(folder):
        if folder.exists() and any(folder.iterdir()) and not (folder / DEV_LOG).exists():
            raise FolderInUse(f"{folder} holds something that is not a demo's; choose an empty folder")
        _stop_postgres(folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # By its log the next demo knows that the folder is a demo's.
        (folder / DEV_LOG).touch()
        try:
            yield
        finally:
            with held_back():
                _stop_postgres(folder)


@contextmanager
def _sole_user(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise FolderInUse(
                f"another demo (process {lock.read().strip() or 'unknown'}) is using {folder}; "
                "let it end, or give this one a folder of its own: --data-dir"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _stop_postgres(folder: Path) -> None:
    """Holdfast takes a server over that it finds running, and stops it as its own."""
    if _postgres_runs(folder):
        try:
            with embedded_postgres(folder):
                pass
        except HoldfastError as error:
            raise FolderInUse(f"an earlier demo left something behind: {error}") from error


def _postgres_runs(folder: Path) -> bool:
    try:
        pid = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        if pid < 0:
            # That of initdb, which ends by itself.
            return False
        os.kill(pid, 0)
    except (OSError, ValueError, IndexError):
        return False
    return True
