"""kill -9 of the worker while somebody follows: the stream goes on with the next attempt."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from api.protocol import followed, is_end, start, subscribed, told, until
from chaos.conftest import Chaos
from chaos.watch import owner

HOP: dict[str, Any] = {"goal": 4, "pause": 0.5, "trail": []}


def trail_is_long(event: Any) -> bool:
    """Whether two steps are in the state."""
    return event["method"] == "values" and len(event["params"]["data"].get("trail", [])) >= 2


async def test_a_subscriber_of_a_killed_run_sees_it_to_the_end(chaos: Chaos) -> None:
    thread_id = str(uuid4())
    async with chaos(workers=2) as stack, stack.http() as http:
        async with subscribed(http, thread_id, ["values", "lifecycle"]) as events:
            run_id = await start(http, thread_id, "hop", input=HOP)
            seen = await until(events, trail_is_long)
            (await owner(stack, run_id)).kill()
            seen += await until(events, is_end)
        assert [data["event"] for data in told(seen, "lifecycle")] == ["running", "running", "completed"]
        assert told(seen, "values")[-1]["trail"] == [0, 1, 2, 3]
        assert len({event["event_id"] for event in seen}) == len(seen)
        # Who comes later sees the same.
        assert await followed(http, thread_id, ["values", "lifecycle"]) == seen
