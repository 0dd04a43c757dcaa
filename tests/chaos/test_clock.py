"""Crons and webhooks while workers are killed and frozen: each firing once, each end told."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from receiver import receiving
from stack import APP, running

HOOKED = APP.parent / "webhooks.json"
QUICK = {"HOLDFAST_WEBHOOK_PAUSE": "0.2", "HOLDFAST_WEBHOOK_TIMEOUT": "2"}
CRONS = 8


async def test_no_firing_is_doubled_and_no_end_untold_when_schedulers_die(database: str) -> None:
    with receiving() as receiver:
        async with (
            running(database, config=HOOKED, env=QUICK, workers=3) as stack,
            stack.client() as client,
            stack.http() as http,
        ):
            crons = [
                await client.crons.create(
                    "echo", schedule="* * * * * *", input={"x": n}, webhook=f"{receiver.url}/{n}",
                    on_run_completed="keep",
                )
                for n in range(CRONS)
            ]  # fmt: skip
            ids = [str(cron["cron_id"]) for cron in cast(list[dict[str, Any]], crons)]
            await receiver.came("/0", 2)
            stack.workers[0].kill()
            stack.workers[1].pause()
            before = len(receiver.at("/0"))
            await receiver.came("/0", before + 4)
            stack.workers[1].resume()
            await receiver.came("/0", before + 6)
            for cron_id in ids:
                await client.crons.update(cron_id, enabled=False)

            for n, cron_id in enumerate(ids):
                firings = (
                    await http.get(f"/holdfast/crons/{cron_id}/firings", params={"limit": 1000})
                ).json()
                started = {firing["run_id"] for firing in firings}
                assert None not in started
                assert len({firing["fire_time"] for firing in firings}) == len(started) == len(firings)
                threads = await client.threads.search(metadata={"cron_id": cron_id}, limit=1000)
                assert {firing["thread_id"] for firing in firings} == {t["thread_id"] for t in threads}
                async with asyncio.timeout(30):
                    while {d.body["run_id"] for d in receiver.at(f"/{n}")} != started:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                deliveries = {d.headers["x-webhook-id"]: d.body["run_id"] for d in receiver.at(f"/{n}")}
                assert len(deliveries) == len(started)
