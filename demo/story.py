"""The story: a batch, a crash in its middle, two approvals, and the account of it all."""

import asyncio
from pathlib import Path

from account import settled
from approvals import settle
from batch import Worked, work_through
from claims import claims
from crash import successor
from house import House, open_house
from journal import payments_in
from langgraph_sdk import get_sync_client
from report import present
from voice import Voice

INVOICES = ("INV-0015", "INV-0001", "INV-0039", "INV-0035", "INV-0012", "INV-0058", "INV-0007", "INV-0008")
BATCH_SECONDS = 90.0
BATCH_SECONDS_OF_A_REAL_MODEL = 600.0


def play(folder: Path, voice: Voice) -> bool:
    """Start everything, show it, stop everything; whether every claim has held.

    Raises:
        DemoError: something could not be shown at all.
    """
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
