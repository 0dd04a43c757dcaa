"""The crossing: a process goes on as one whose environment is clean from its first instruction.

`os.environ` can be emptied at any time, but the kernel keeps what a process was started with readable in
/proc/self/environ. Only a new program image has another one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from holdfast_server.boundary.environment import clean, dropped
from holdfast_server.boundary.handover import Handover
from holdfast_server.compat.python import interpreter_options
from holdfast_server.config.app import AppConfig
from holdfast_server.config.mentions import mentioned
from holdfast_server.config.workers import WorkerPool
from holdfast_server.given import is_ours
from holdfast_server.telemetry import keep_quiet


@dataclass(frozen=True)
class Crossing:
    """The other side: command, environment, and what is handed over."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    handover: Handover

    def cross(self) -> None:
        """Becomes the other process: same pid, same parent, same streams. Does not return."""
        command = self._command(self.handover.send())
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(command[0], command, self.environment)

    def run(self) -> subprocess.CompletedProcess[str]:
        """Runs the other process as a child to its end."""
        descriptor = self.handover.send()
        try:
            return subprocess.run(
                self._command(descriptor),
                env=self.environment,
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            os.close(descriptor)

    def _command(self, descriptor: int) -> list[str]:
        options = interpreter_options()
        if os.getcwd() not in sys.path and "-P" not in options:
            # The `holdfast` script does not look for modules in the current folder; `-m` would.
            options.append("-P")
        return [
            sys.executable,
            *options,
            "-m",
            "holdfast_server",
            *self.arguments,
            f"--handover={descriptor}",
        ]


def prepare(
    config: AppConfig,
    pool: WorkerPool,
    *,
    given: Mapping[str, str],
    granted: Sequence[str] = (),
    arguments: Sequence[str],
    options: Mapping[str, object],
) -> Crossing:
    """The crossing to a process with user code of one pool.

    Args:
        given: the operator's environment.
        granted: variables to pass, beyond those that langgraph.json grants the pool.
        arguments: of the command line of the other process; every user of the machine can read them.
        options: of this command line, secret or not.
    """
    env = config.of_pool(pool).env
    prefixes = config.house.secrets.prefixes
    open_to_graphs = {name: value for name, value in given.items() if not name.startswith(prefixes)}
    environment = clean(open_to_graphs, env, (*pool.pass_env, *granted))
    keep_quiet(env, environment)
    handover = Handover(
        options=options,
        given=_for_the_house(config, given),
        env={name: environment[name] for name in env},
        dropped=dropped(given, environment),
    )
    return Crossing(arguments, environment, handover)


def _for_the_house(config: AppConfig, given: Mapping[str, str]) -> dict[str, str]:
    """Ours, PostgreSQL's own, secrets, and what langgraph.json names; the rest a worker need not remember."""
    named = mentioned(config, given)
    prefixes = ("PG", *config.house.secrets.prefixes)
    return {k: v for k, v in given.items() if is_ours(k) or k.startswith(prefixes) or k in named}
