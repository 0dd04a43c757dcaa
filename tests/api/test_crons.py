"""Crons through the official client: made, found, changed, deleted, and fired by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from api.scene import Client, until
from api.test_bad_input import refusal
from langgraph_sdk.errors import NotFoundError
from uuid_utils.compat import uuid7

CRON: dict[str, Any] = {"assistant_id": "echo", "schedule": "0 9 * * 1-5"}
EVERY_SECOND = "* * * * * *"
NOBODY = str(uuid7())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def runs_of(client: Client, cron_id: str) -> list[dict[str, Any]]:
    """The kept threads of a cron."""
    return list(await client.threads.search(metadata={"cron_id": cron_id}, limit=100))


@pytest.mark.behaviour("crons.object", "crons.timezone")
async def test_a_cron_is_shown_as_it_was_asked_for(client: Client) -> None:
    end = datetime.now(UTC) + timedelta(days=30)
    cron = await client.crons.create(
        "echo",
        schedule="30 9 * * *",
        timezone="Europe/Berlin",
        input={"x": 1},
        metadata={"job": "digest"},
        config={"configurable": {"tone": "dry"}},
        end_time=end,
    )
    assert set(cron) == {
        "cron_id", "assistant_id", "thread_id", "user_id", "end_time", "schedule", "timezone", "payload",
        "next_run_date", "metadata", "on_run_completed", "enabled", "created_at", "updated_at",
    }  # fmt: skip
    assert moment(cron["next_run_date"]).utcoffset() == timedelta()
    assert moment(cron["next_run_date"]).minute == 30
    assert moment(cron["next_run_date"]).hour in (7, 8)
    assert moment(cron["end_time"]) == end
    assert (cron["thread_id"], cron["on_run_completed"], cron["enabled"]) == (None, "delete", True)
    assert (cron["payload"]["input"], cron["metadata"]) == ({"x": 1}, {"job": "digest"})
    assert cron["payload"]["config"]["configurable"] == {"tone": "dry", "cron_id": cron["cron_id"]}


@pytest.mark.behaviour("crons.search", "crons.count", "crons.update", "crons.delete")
async def test_a_cron_is_found_changed_and_deleted(client: Client, http: httpx.AsyncClient) -> None:
    tag = {"tag": str(uuid7())}
    made = [
        await client.crons.create("echo", schedule=f"{n} * * * *", metadata=tag | {"n": n}) for n in range(3)
    ]
    first = made[0]["cron_id"]
    assert (await http.get(f"/runs/crons/{first}")).json() == made[0]

    page = await http.post("/runs/crons/search", json={"metadata": tag, "limit": 2})
    assert [c["metadata"]["n"] for c in page.json()] == [2, 1]
    assert (page.headers["x-pagination-total"], page.headers["x-pagination-next"]) == ("3", "2")
    found = await client.crons.search(
        metadata=tag, sort_by="next_run_date", sort_order="asc", select=["cron_id"]
    )
    assert all(set(c) == {"cron_id"} for c in found)
    assert await client.crons.count(metadata=tag) == 3
    assert await client.crons.count(metadata=tag, assistant_id=made[0]["assistant_id"]) == 3
    assert await client.crons.count(metadata=tag, thread_id=NOBODY) == 0

    changed = await client.crons.update(first, schedule="15 * * * *", metadata={"more": 1}, input={"x": 2})
    assert moment(changed["next_run_date"]).minute == 15
    assert (changed["metadata"], changed["payload"]["input"]) == (tag | {"n": 0, "more": 1}, {"x": 2})
    assert await client.crons.search(metadata=tag, enabled=False) == []

    await client.crons.delete(first)
    with pytest.raises(NotFoundError):
        await client.crons.delete(first)
    assert await client.crons.count(metadata=tag) == 2


@pytest.mark.behaviour("crons.enabled")
async def test_a_disabled_cron_has_no_next_date_until_it_is_enabled(client: Client) -> None:
    cron = await client.crons.create("echo", schedule=EVERY_SECOND, enabled=False)
    assert cron["next_run_date"] is None
    assert (await client.crons.update(cron["cron_id"], enabled=True))["next_run_date"] is not None
    assert (await client.crons.update(cron["cron_id"], enabled=False))["next_run_date"] is None


@pytest.mark.behaviour("crons.end-time")
async def test_an_end_is_kept_and_cleared(client: Client) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=30)
    cron = await client.crons.create("echo", schedule="0 0 1 1 *", end_time=soon)
    assert cron["next_run_date"] is None
    kept = await client.crons.update(cron["cron_id"], metadata={"a": 1})
    assert moment(kept["end_time"]) == soon
    cleared = await client.crons.update(cron["cron_id"], end_time=None)
    assert (cleared["end_time"], cleared["next_run_date"] is not None) == (None, True)


async def test_what_does_not_touch_the_time_keeps_the_next_date(
    client: Client, http: httpx.AsyncClient
) -> None:
    cron = await client.crons.create("echo", schedule="*/5 * * * *")
    changed = await client.crons.update(cron["cron_id"], input={"x": 3})
    assert changed["next_run_date"] == cron["next_run_date"]


WRONG: list[tuple[str, dict[str, Any], int, str]] = [
    ("no schedule", {"assistant_id": "echo"}, 422, "schedule"),
    ("no assistant", {"schedule": "* * * * *"}, 422, "assistant_id"),
    ("a schedule of words", CRON | {"schedule": "every day"}, 422, "five fields"),
    ("minute 99", CRON | {"schedule": "99 * * * *"}, 422, "Bad minute"),
    ("a NUL", CRON | {"schedule": "\x00 * * * *"}, 422, "schedule"),
    ("a schedule without end", CRON | {"schedule": "1," * 9999 + "1 * * * *"}, 422, "schedule"),
    ("30 February", CRON | {"schedule": "0 0 30 2 *"}, 400, "failed to find next date"),
    ("an unknown zone", CRON | {"timezone": "Mars/Olympus"}, 422, "IANA"),
    ("a zone that is a file", CRON | {"timezone": "../../etc/passwd"}, 422, "IANA"),
    ("an end that is past", CRON | {"end_time": "2020-01-01T00:00:00Z"}, 422, "past"),
    ("an end that is no time", CRON | {"end_time": "soon"}, 422, "end_time"),
    ("an end beyond the calendar", CRON | {"end_time": "9999-12-31T23:59:59-12:00"}, 422, "end_time"),
    ("an unknown graph", CRON | {"assistant_id": "nope"}, 422, "one of the graphs"),
    ("an unknown assistant", CRON | {"assistant_id": NOBODY}, 404, "not found"),
    ("a broken graph", CRON | {"assistant_id": "broken"}, 422, "broken"),
    ("a config that is a list", CRON | {"config": []}, 422, "config"),
    ("a limit of zero", CRON | {"config": {"recursion_limit": 0}}, 422, "at least 1"),
    ("both of them", CRON | {"config": {"configurable": {"a": 1}}, "context": {"b": 1}}, 400, "not both"),
    ("NUL in metadata", CRON | {"metadata": {"a": "\x00"}}, 422, "metadata"),
    ("an unknown stream mode", CRON | {"stream_mode": "all"}, 422, "stream_mode"),
    ("keeping for ever", CRON | {"on_run_completed": "maybe"}, 422, "on_run_completed"),
    ("a webhook to this machine", CRON | {"webhook": "http://127.0.0.1"}, 422, "loopback"),
]  # fmt: skip


@pytest.mark.behaviour("crons.refused-at-once", "crons.unsatisfiable")
@pytest.mark.parametrize(("body", "status", "words"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
async def test_what_would_fail_at_night_is_refused_by_day(
    client: Client, http: httpx.AsyncClient, thread_id: str, body: dict[str, Any], status: int, words: str
) -> None:
    before = await client.crons.count()
    for path in ("/runs/crons", f"/threads/{thread_id}/runs/crons"):
        answer = refusal(await http.post(path, json=body))
        assert answer[0] == status
        assert words in answer[1]
    assert await client.crons.count() == before


@pytest.mark.behaviour("crons.empty-patch")
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 400), ({"unknown": 1}, 400), ({"metadata": None}, 400), ({"schedule": "x"}, 422),
        ({"schedule": "0 0 30 2 *"}, 400), ({"timezone": "x"}, 422), ({"end_time": "2020-01-01"}, 422),
        ({"config": {"tags": "x"}}, 422), ({"context": {"a": 1}, "config": {"configurable": {"b": 1}}}, 400),
        ({"webhook": "http://169.254.169.254/"}, 422), ({"enabled": "perhaps"}, 422),
    ],
)  # fmt: skip
async def test_a_wrong_change_changes_nothing(
    client: Client, http: httpx.AsyncClient, change: dict[str, Any], status: int
) -> None:
    cron = await client.crons.create("echo", schedule="0 9 * * *")
    answer = await http.patch(f"/runs/crons/{cron['cron_id']}", json=change)
    assert answer.status_code == status
    assert (await http.get(f"/runs/crons/{cron['cron_id']}")).json() == cron


@pytest.mark.behaviour("crons.unknown-is-404")
async def test_what_is_not_there_is_said(http: httpx.AsyncClient) -> None:
    attempts: list[tuple[str, str, Any]] = [
        ("GET", f"/runs/crons/{NOBODY}", None),
        ("PATCH", f"/runs/crons/{NOBODY}", {"enabled": False}),
        ("PATCH", f"/runs/crons/{NOBODY}", {"input": {}}),
        ("DELETE", f"/runs/crons/{NOBODY}", None),
        ("POST", f"/threads/{NOBODY}/runs/crons", CRON),
        ("GET", f"/holdfast/crons/{NOBODY}/firings", None),
    ]
    for verb, path, body in attempts:
        assert (await http.request(verb, path, json=body)).status_code == 404
    assert (await http.get("/runs/crons/7")).status_code == 422
    assert (await http.post("/runs/crons/search", json={"limit": 0})).status_code == 422
    assert (await http.post("/runs/crons/search", json={"thread_id": "x"})).status_code == 422


@pytest.mark.behaviour("crons.six-fields", "crons.fires-on-time", "crons.kept-threads")
async def test_a_cron_fires_on_time_and_its_kept_threads_know_it(client: Client) -> None:
    cron = await client.crons.create(
        "echo", schedule=EVERY_SECOND, input={"x": 1}, metadata={"job": "j"}, on_run_completed="keep"
    )
    due = moment(cron["next_run_date"])

    async def fired_thrice() -> bool:
        threads = await runs_of(client, cron["cron_id"])
        return sum(bool(t["values"]) for t in threads) >= 3

    await until(fired_thrice)
    await client.crons.delete(cron["cron_id"])
    threads = sorted(await runs_of(client, cron["cron_id"]), key=lambda t: str(t["created_at"]))
    late = [moment(t["created_at"]) - due - timedelta(seconds=n) for n, t in enumerate(threads)]
    assert all(timedelta() <= delay < timedelta(seconds=1) for delay in late)
    assert all(t["metadata"]["job"] == "j" for t in threads)
    (run,) = await client.runs.list(threads[0]["thread_id"])
    assert run["metadata"]["cron_id"] == cron["cron_id"]
    assert run["kwargs"]["config"]["configurable"]["cron_id"] == cron["cron_id"]


@pytest.mark.behaviour("crons.on-a-thread")
async def test_a_cron_on_a_thread_runs_on_it_and_stops_with_it(
    client: Client, http: httpx.AsyncClient, thread_id: str
) -> None:
    cron = await client.crons.create_for_thread(thread_id, "echo", schedule=EVERY_SECOND, input={"x": 1})
    assert (cron["thread_id"], cron["on_run_completed"]) == (thread_id, None)

    async def ran_twice() -> bool:
        return len([r for r in await client.runs.list(thread_id) if r["status"] == "success"]) >= 2

    await until(ran_twice)
    await client.threads.delete(thread_id)

    async def disabled() -> bool:
        return not (await http.get(f"/runs/crons/{cron['cron_id']}")).json()["enabled"]

    await until(disabled)
    newest = (await http.get(f"/holdfast/crons/{cron['cron_id']}/firings")).json()[0]
    assert newest["run_id"] is None
    assert thread_id in newest["error"]
    with pytest.raises(NotFoundError):
        await client.crons.update(cron["cron_id"], enabled=True)


@pytest.mark.behaviour("crons.flag")
async def test_the_server_says_that_it_has_crons(http: httpx.AsyncClient) -> None:
    assert (await http.get("/info")).json()["flags"]["crons"] is True
