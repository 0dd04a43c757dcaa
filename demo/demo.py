"""Holdfast in a minute: eight invoices, a worker killed with -9, two approvals, and an account of it all."""

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

import ctrl_c
from account import settled
from approvals import settle
from batch import Worked, work_through
from claims import claims
from crash import successor
from errors import DemoError
from house import ROOT, House, open_house
from journal import payments_in
from langgraph_sdk import get_sync_client
from report import point_onwards, present
from voice import Voice

INVOICES = ("INV-0015", "INV-0001", "INV-0039", "INV-0035", "INV-0012", "INV-0058", "INV-0007", "INV-0008")
BATCH_SECONDS = 90.0
BATCH_SECONDS_OF_A_REAL_MODEL = 600.0

WHAT_WILL_HAPPEN = """\
Holdfast serves an agent that reviews invoices: eight at once, with two workers, on a PostgreSQL of their own.
A worker is killed with kill -9 in the middle of a tool call, and two payments wait for a person's word.
At the end a table, read from the system, shows what happened, and that no payment was made twice."""


def main() -> int:
    """Run the demo; 0 when everything it claims has held, 1 when not, 130 after Ctrl-C."""
    folder: Path = _arguments().data_dir
    voice = Voice()
    ctrl_c.listen()
    try:
        holds = _play(folder, voice)
    except KeyboardInterrupt:
        voice.say("\nStopped, and nothing is left running.")
        return 130
    except DemoError as error:
        voice.say(f"\nThe demo failed: {error}.", style="bold red")
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


def _play(folder: Path, voice: Voice) -> bool:
    """Everything between the first lines and the last; whether every claim has held."""
    voice.say(WHAT_WILL_HAPPEN)
    voice.chapter("Starting")
    with open_house(folder, voice) as house:
        worked = _work(house, voice)
        voice.chapter("What waits for a person")
        settle(worked.reviews, house, voice)
        holds = _take_stock(worked, house, voice)
        voice.chapter("Stopping")
    voice.say("  everything has stopped")
    return holds


def _work(house: House, voice: Voice) -> Worked:
    voice.chapter(f"Eight invoices at once; the model is {house.model}")
    seconds = BATCH_SECONDS if house.rehearsed else BATCH_SECONDS_OF_A_REAL_MODEL
    with voice.waiting("the batch is being reviewed"):
        return asyncio.run(work_through(INVOICES, url=house.url, seconds=seconds, voice=voice))


def _take_stock(worked: Worked, house: House, voice: Voice) -> bool:
    with get_sync_client(url=house.url) as client, voice.waiting("the dead worker is being replaced"):
        replacement = successor(client, worked.crash)
        invoices = settled(worked.reviews, client)
    verdicts = list(claims(worked, replacement, invoices, payments_in(house.payments)))
    present(invoices, verdicts, voice)
    return all(claim.holds for claim in verdicts)


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
