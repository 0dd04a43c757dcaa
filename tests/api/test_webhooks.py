"""Webhooks of real runs, sent by real workers to a real receiver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from api.scene import Client, busy_run, until
from api.test_bad_input import refusal
from receiver import Delivery, Receiver, receiving
from stack import APP, Stack, running
from uuid_utils.compat import uuid7

HOOKED = APP.parent / "webhooks.json"
QUICK = {"HOLDFAST_WEBHOOK_PAUSE": "0.1", "HOLDFAST_WEBHOOK_TIMEOUT": "1"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """A receiver that all tests share; paths keep them apart."""
    with receiving() as receiver:
        yield receiver


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hooked(template: str) -> AsyncIterator[Stack]:
    """A stack whose webhooks may go to this machine."""
    import psycopg

    with psycopg.connect(template, autocommit=True) as conn:
        conn.execute("create database house_hooked template house")
    url = template.replace("/postgres?", "/house_hooked?")
    async with running(url, config=HOOKED, env=QUICK) as stack:
        yield stack


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def caller(hooked: Stack) -> AsyncIterator[Client]:
    """The official client of that stack."""
    async with hooked.client() as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def thread(caller: Client) -> str:
    """An empty thread of that stack."""
    return str((await caller.threads.create())["thread_id"])


@pytest.fixture
def path() -> str:
    """A path that no other test has."""
    return f"/{uuid7()}"


async def one(receiver: Receiver, path: str) -> Delivery:
    """The delivery to a path, once its sender has written it down."""
    (delivery,) = await receiver.came(path)
    return delivery


@pytest.mark.behaviour("webhooks.payload", "webhooks.headers")
async def test_a_webhook_is_the_run_with_its_values(
    caller: Client, receiver: Receiver, thread: str, path: str
) -> None:
    run = await caller.runs.create(
        thread, "echo", input={"x": 1}, metadata={"a": 1}, webhook=receiver.url + path
    )
    delivery = await one(receiver, path)
    stored = await caller.runs.get(thread, run["run_id"])
    shown = {k: v for k, v in delivery.body.items() if k in stored}
    assert {**shown, "updated_at": ""} == {**stored, "updated_at": ""}
    extra = delivery.body.keys() - stored.keys()
    assert extra == {"run_started_at", "run_ended_at", "webhook_sent_at", "values"}
    assert delivery.body["values"] == (await caller.threads.get(thread))["values"]
    moments = [
        datetime.fromisoformat(delivery.body[name])
        for name in ("created_at", "run_started_at", "run_ended_at", "webhook_sent_at")
    ]
    assert moments == sorted(moments)
    assert delivery.headers["content-type"] == "application/json"
    assert delivery.headers["authorization"] == "Bearer sesame"


@pytest.mark.behaviour("webhooks.stateless-and-crons")
async def test_stateless_runs_and_crons_have_webhooks(caller: Client, receiver: Receiver, path: str) -> None:
    await caller.runs.wait(None, "echo", input={"x": 1}, webhook=f"{receiver.url}{path}/run")
    assert (await one(receiver, f"{path}/run")).body["status"] == "success"
    cron = await caller.crons.create(
        "echo", schedule="* * * * * *", input={"x": 1}, webhook=f"{receiver.url}{path}/cron"
    )
    body = (await receiver.came(f"{path}/cron"))[0].body
    await caller.crons.delete(cron["cron_id"])
    assert (body["metadata"]["cron_id"], body["values"]["x"]) == (cron["cron_id"], 1)


@pytest.mark.behaviour("webhooks.question-is-success")
async def test_a_question_is_a_success_without_the_question(
    caller: Client, receiver: Receiver, thread: str, path: str
) -> None:
    await caller.runs.wait(thread, "ask", input={"x": 1}, webhook=receiver.url + path)
    body = (await one(receiver, path)).body
    assert (body["status"], body["values"]) == ("success", {"x": 1, "answers": []})
    assert "error" not in body


@pytest.mark.behaviour("webhooks.failure")
async def test_a_failure_says_what_failed(caller: Client, receiver: Receiver, thread: str, path: str) -> None:
    await caller.runs.create(thread, "fails", input={}, webhook=receiver.url + path)
    body = (await one(receiver, path)).body
    assert (body["status"], body["error"]) == ("error", {"error": "ValueError", "message": "boom from node"})


@pytest.mark.behaviour("webhooks.cancelled")
@pytest.mark.parametrize(("action", "error"), [("interrupt", "UserInterrupt"), ("rollback", "UserRollback")])
async def test_a_cancelled_run_reports_itself(
    caller: Client, receiver: Receiver, thread: str, path: str, action: str, error: str
) -> None:
    run_id = await busy_run(caller, thread, webhook=receiver.url + path)
    queued = await caller.runs.create(thread, "echo", input={}, webhook=f"{receiver.url}{path}/queued")
    for target in (queued["run_id"], run_id):
        await caller.runs.cancel(thread, target, wait=True, action=action)
    for where, run in ((path, run_id), (f"{path}/queued", queued["run_id"])):
        body = (await one(receiver, where)).body
        assert (body["run_id"], body["status"], body["error"]["error"]) == (run, "interrupted", error)


async def test_what_could_not_be_delivered_is_listed(
    caller: Client, hooked: Stack, receiver: Receiver, thread: str, path: str
) -> None:
    receiver.answers[path] = [503]
    run = await caller.runs.create(thread, "echo", input={}, webhook=receiver.url + path)
    async with hooked.http() as http:

        async def listed() -> list[dict[str, Any]]:
            params = {"state": "dead", "run_id": run["run_id"]}
            return list((await http.get("/holdfast/webhooks", params=params)).json())

        async def dead() -> bool:
            return bool(await listed())

        await until(dead)
        (webhook,) = await listed()
        wrong = await http.get("/holdfast/webhooks", params={"state": "lost"})
    assert (webhook["attempts"], webhook["status_code"], webhook["sent_at"]) == (3, 503, None)
    assert webhook["error"] == "the receiver answered 503"
    assert len(receiver.at(path)) == 3
    assert wrong.status_code == 422


async def test_a_killed_sender_loses_nothing(database: str, receiver: Receiver, path: str) -> None:
    receiver.answers[path] = [0, 200]
    async with running(database, config=HOOKED, env=QUICK) as stack, stack.client() as client:
        await client.runs.create(None, "echo", input={}, webhook=receiver.url + path)
        (first,) = await receiver.came(path)
        stack.workers[0].kill()
        await stack.add_worker()
        again = (await receiver.came(path, 2))[1]
    assert again.headers["x-webhook-id"] == first.headers["x-webhook-id"]
    assert again.body["run_id"] == first.body["run_id"]


@pytest.mark.behaviour("webhooks.refused-hosts")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/", "loopback"), ("http://localhost/", "loopback"), ("http://[::1]/", "loopback"),
        ("http://2130706433/", "loopback"), ("http://[::ffff:127.0.0.1]/", "loopback"),
        ("http://10.1.2.3/", "private"), ("http://192.168.0.1/", "private"), ("http://[fd00::1]/", "private"),
        ("http://169.254.169.254/latest", "link-local"), ("http://[fe80::1]/", "link-local"),
        ("http://0.0.0.0/", "reserved"), ("http://224.0.0.1/", "reserved"),
        ("/hooks/done", "relative"), ("hooks", "relative"), ("ftp://127.0.0.1/", "http"),
        ("http:///x", "http"), ("http://[::1", "read"), ("http://127.0.0.1:99999/", "read"),
        (f"http://{'a' * 64}.example/", "resolve"),
        ("", "webhook"), ("http://127.0.0.1/" + "a" * 70_000, "webhook"), ("http://\x00/", "webhook"),
    ],
)  # fmt: skip
async def test_a_webhook_that_may_not_go_there_is_refused_with_the_run(
    client: Client, http: httpx.AsyncClient, thread_id: str, url: str, words: str
) -> None:
    run = {"assistant_id": "echo", "input": {}, "webhook": url}
    for path in (f"/threads/{thread_id}/runs", "/runs", "/runs/wait", f"/threads/{thread_id}/runs/stream"):
        status, sentence = refusal(await http.post(path, json=run))
        assert (status, words in sentence) == (422, True), (path, sentence)
    assert await client.runs.list(thread_id) == []


@pytest.mark.behaviour("webhooks.cost-runs-nothing")
async def test_runs_end_while_their_receiver_is_silent(
    caller: Client, receiver: Receiver, thread: str, path: str
) -> None:
    receiver.answers[path] = [0]
    urls = [receiver.url + path] * 25
    async with asyncio.timeout(10):
        await asyncio.gather(*(caller.runs.wait(None, "echo", input={}, webhook=url) for url in urls))
    receiver.answers[path] = [200]
