"""Holdfast in a minute: eight invoices, a worker killed with -9, two approvals, and an account of it all."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import ctrl_c
from errors import DemoError, FolderInUse
from repository import ROOT
from voice import Voice

WHAT_WILL_HAPPEN = """\
Holdfast serves an agent that reviews invoices: eight at once, with two workers, on a PostgreSQL of their own.
A worker is killed with kill -9 in the middle of a tool call, and two payments wait for a person's word.
At the end a table, read from the system, shows what happened, and that no payment was made twice."""


def main() -> int:
    """Run the demo; 0 when everything it claims has held, 1 when not, 130 after Ctrl-C."""
    folder: Path = _arguments().data_dir
    voice = Voice()
    ctrl_c.listen()
    voice.say(WHAT_WILL_HAPPEN)
    try:
        # Not at the top: LangGraph's client takes a while to import, and the first lines shall not.
        from report import point_onwards
        from story import play

        holds = play(folder, voice)
    except KeyboardInterrupt:
        ctrl_c.stop_listening()
        voice.say("\nStopped, and nothing is left running.")
        return 130
    except DemoError as error:
        voice.say(f"\nThe demo failed: {error}.", style="bold red")
        if isinstance(error, FolderInUse):
            # The log in there is somebody else's.
            return 1
    except Exception:
        voice.quote_end_of(folder / "dev.log")
        raise
    else:
        if holds:
            point_onwards(folder, voice)
            return 0
        voice.say("\nSomething that Holdfast claims did not hold: see the ✗ above.", style="bold red")
    voice.quote_end_of(folder / "dev.log")
    return 1


def _arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data-dir",
        type=lambda path: Path(path).resolve(),
        default=ROOT / ".holdfast" / "demo",
        help="where everything goes; emptied first (default: .holdfast/demo)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
