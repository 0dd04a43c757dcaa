"""The batch: one thread and one run per invoice, followed until each has ended or waits for a person."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crash import Crash, strike
from errors import DemoError
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from review import GRAPH, Review
from voice import Voice


@dataclass(frozen=True)
class Worked:
    """What the batch left: its reviews, and the crash in its middle."""

    reviews: Sequence[Review]
    crash: Crash


async def work_through(invoice_ids: Sequence[str], *, url: str, seconds: float, voice: Voice) -> Worked:
    """Start all invoices at once, and kill a worker when one of its tool calls is seen to be in flight.

    Raises:
        DemoError: the batch takes longer than `seconds`, or no such call was ever seen.
    """
    async with get_client(url=url) as client:
        threads = await asyncio.gather(*(client.threads.create() for _ in invoice_ids))
        reviews = [Review(i, t["thread_id"]) for i, t in zip(invoice_ids, threads, strict=True)]
        batch = _Batch(client, reviews, voice)
        try:
            async with asyncio.timeout(seconds):
                return Worked(reviews, await batch.run())
        except TimeoutError:
            raise DemoError(f"the batch did not end within {seconds:.0f} s") from None


@dataclass
class _Batch:
    client: LangGraphClient
    reviews: Sequence[Review]
    voice: Voice
    strike: asyncio.Task[Crash] | None = None

    async def run(self) -> Crash:
        await asyncio.gather(*(self._follow(review) for review in self.reviews))
        if self.strike is None:
            raise DemoError(
                "no screen_supplier call was ever seen in flight, so no worker could be killed in it"
            )
        return await self.strike

    async def _follow(self, review: Review) -> None:
        request = f"Review invoice {review.invoice_id} and settle it."
        message: Mapping[str, Any] = {"messages": [{"role": "user", "content": request}]}
        stream = self.client.runs.stream(
            review.thread_id,
            GRAPH,
            input=message,
            stream_mode=["tasks"],
            # Gives every event an id, so that the SDK finds its place again after a broken connection.
            stream_resumable=True,
        )
        async for part in stream:
            for news in review.hear(part):
                self.voice.tell(review.invoice_id, news.text, news.style)
            if self.strike is None and review.is_screening():
                self.strike = asyncio.create_task(strike(self.client, review, self.reviews, self.voice))
