"""The heartbeat: keeps a worker's leases, from a thread and a connection that user code cannot block."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from uuid import UUID

from psycopg import Connection, Error
from psycopg.rows import DictRow

from holdfast_server.db.pool import connect_sync
from holdfast_server.db.statements import statement
from holdfast_server.settings import Settings
from holdfast_server.workers.roster import Roster

logger = logging.getLogger(__name__)

# "HOLD" in ASCII: first key of the advisory lock that ends with this process; is_locked.sql looks for it.
_LOCK_CLASS = 1213157444


class Heartbeat:
    """Renews leases, listens for cancellations, and proves by a session lock that the process lives.

    Args:
        settings: beat and lease.
        worker_id: the worker's row.
        graph_ids: what it serves.
        roster: what it runs.
    """

    def __init__(self, settings: Settings, *, worker_id: UUID, graph_ids: list[str], roster: Roster) -> None:
        self._settings = settings
        self._worker_id = worker_id
        self._graph_ids = graph_ids
        self._roster = roster
        self._stopped = threading.Event()
        self._first = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._renewed = time.monotonic()
        self.draining = False

    def start(self) -> None:
        """Starts the thread and waits for the first beat."""
        self._thread.start()
        self._first.wait(30)

    def stop(self) -> None:
        """Stops the thread and takes the worker off the list; safe before `start`, safe twice."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def tick(self, conn: Connection[DictRow]) -> None:
        """One beat: tells the database that we live, renews every lease, gives up what is lost."""
        epochs = self._roster.epochs()
        params = {
            "worker_id": self._worker_id,
            "draining": self.draining,
            "lease": self._settings.lease_interval,
            "run_ids": list(epochs),
            "epochs": list(epochs.values()),
        }
        rows = conn.execute(statement("renew"), params).fetchall()
        self._renewed = time.monotonic()
        kept = {row["run_id"]: row["cancel_action"] for row in rows}
        for run_id, epoch in epochs.items():
            if run_id not in kept:
                self._roster.stop(run_id, "superseded", epoch=epoch)
            elif kept[run_id] is not None:
                self._roster.stop(run_id, kept[run_id], epoch=epoch)

    def _run(self) -> None:
        try:
            self._live()
        except BaseException:
            # Without a heartbeat the process would go on claiming runs and lose each of them.
            logger.critical("the heartbeat broke; the process ends", exc_info=True)
            os._exit(70)

    def _live(self) -> None:
        while not self._stopped.is_set():
            try:
                url = self._settings.database_url
                with connect_sync(url, name="heartbeat", role="holdfast_system", connect_timeout=5) as conn:
                    self._register(conn)
                    self._beat(conn)
            except Error as error:
                logger.warning("heartbeat: %s; trying again", str(error).strip())
                self._give_up_in_time()
                self._stopped.wait(0.2)

    def _register(self, conn: Connection[DictRow]) -> None:
        params = {
            "worker_id": self._worker_id,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "pool": self._settings.pool,
            "graphs": self._graph_ids,
            "concurrency": self._settings.concurrency,
        }
        row = conn.execute(statement("register_worker"), params).fetchone()
        assert row is not None
        conn.execute("select pg_advisory_lock(%s, %s)", [_LOCK_CLASS, row["lock_key"]])
        conn.execute("listen holdfast_cancel")

    def _beat(self, conn: Connection[DictRow]) -> None:
        while not self._stopped.is_set():
            self.tick(conn)
            self._first.set()
            # All notes first: the connection is locked while its generator is open.
            for note in list(conn.notifies(timeout=self._settings.beat, stop_after=1)):
                run_id, _, reason = note.payload.partition(" ")
                # Which attempt lost its run is for the next beat to say, at once.
                if reason != "superseded" and (known := _uuid(run_id)) is not None:
                    self._roster.stop(known, reason)
        conn.execute(statement("unregister_worker"), {"worker_id": self._worker_id})

    def _give_up_in_time(self) -> None:
        """Without the database nobody can take our runs, but nobody may be doubled when it is back either."""
        if time.monotonic() - self._renewed > self._settings.lease * 0.8:
            for run_id, epoch in self._roster.epochs().items():
                self._roster.stop(run_id, "superseded", epoch=epoch)


def _uuid(text: str) -> UUID | None:
    """The id of a run; None for a note that is none of ours: who may connect may notify."""
    try:
        return UUID(text)
    except ValueError:
        return None
