"""What a process hands to the one that it becomes or starts, where nobody else can read it."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from holdfast_server.errors import ConfigError


@dataclass(frozen=True)
class Handover:
    """What a worker must know and user code need not.

    Attributes:
        options: of the command line; None where nothing was said.
        given: variables that the house itself needs.
        env: of langgraph.json for this pool, with its values.
        dropped: names of variables that the operator had and user code does not get.
    """

    options: Mapping[str, Any]
    given: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()

    def send(self) -> int:
        """An inheritable descriptor from which `receive` takes it, once.

        The text lies in a file without a name, and that file's descriptor is in flight between two sockets:
        so there is nothing in /proc/<pid>/fd that another process could open.
        """
        ours, theirs = socket.socketpair()
        with ours, _nameless() as file:
            file.write(json.dumps(asdict(self)).encode())
            file.flush()
            socket.send_fds(ours, [b"."], [file.fileno()])
        theirs.set_inheritable(True)
        return theirs.detach()

    @classmethod
    def receive(cls, descriptor: int) -> Handover:
        """Takes it; nothing of it is left in the descriptor.

        Raises:
            ConfigError: nobody sent anything.
        """
        try:
            with socket.socket(fileno=descriptor) as theirs:
                _, (file, *_), _, _ = socket.recv_fds(theirs, 1, 1)
            with os.fdopen(file, "rb") as text:
                text.seek(0)
                said = json.loads(text.read())
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"--handover {descriptor} holds nothing ({error}); leave it out: only Holdfast itself uses it"
            ) from None
        return cls(**{**said, "dropped": tuple(said["dropped"])})


def _nameless() -> IO[bytes]:
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("holdfast"), "w+b")
    return tempfile.TemporaryFile()
