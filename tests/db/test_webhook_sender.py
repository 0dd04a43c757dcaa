"""A webhook is owed in the transaction that ends a run, leased to one sender, and given up in the end."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from db.lane import Lane
from receiver import Receiver, receiving

from holdfast_server.config.webhooks import UrlPolicy, Webhooks
from holdfast_server.runs.destination import Resolver, resolve
from holdfast_server.runs.end import Ended
from holdfast_server.runs.lease import finish
from holdfast_server.settings import Settings
from holdfast_server.workers.webhook_sender import WebhookSender

HERE = Webhooks(url=UrlPolicy(disable_loopback=False))
QUICK = Settings(webhook_pause=0.0, webhook_timeout=1.0)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of its own for every test."""
    with receiving() as receiver:
        yield receiver


@dataclass
class Office:
    """Senders, and the webhooks that they find."""

    lane: Lane
    senders: list[WebhookSender]

    def sender(
        self, webhooks: Webhooks = HERE, settings: Settings = QUICK, *, resolver: Resolver = resolve
    ) -> WebhookSender:
        """One more sender."""
        self.senders.append(WebhookSender(self.lane.pool, settings, webhooks, resolver=resolver))
        return self.senders[-1]

    async def owed(self, url: str) -> dict[str, Any]:
        """The webhook of a run that ended."""
        run = await self.lane.claim(await self.lane.admitted(webhook=url))
        assert await self.lane.ended(run)
        return (await self.all(run_id=run.run_id))[0]

    async def all(self, **equal: Any) -> list[dict[str, Any]]:
        """The webhooks with these values."""
        rows = await self.lane.select("select * from webhook order by created_at")
        return [row for row in rows if equal.items() <= row.items()]

    async def round(self, *senders: WebhookSender) -> None:
        """Every sender looks once, and sends what it found."""
        await asyncio.gather(*(sender.tick() for sender in senders))
        await asyncio.gather(*(sender.settled() for sender in senders))

    async def expire(self) -> None:
        """Lets every lease be over."""
        await self.lane.execute("update webhook set due_at = clock_timestamp() - interval '1 s'")


@pytest.fixture
async def office(lane: Lane) -> AsyncIterator[Office]:
    """An office without senders."""
    office = Office(lane, [])
    yield office
    for sender in office.senders:
        await sender.stop()


@pytest.mark.parametrize("state", ["success", "error", "timeout", "interrupted"])
async def test_every_end_owes_a_webhook(office: Office, state: str) -> None:
    lane = office.lane
    run = await lane.claim(await lane.admitted(webhook="http://x/"))
    error = {"error": "E", "message": "m"} if state in ("error", "timeout") else None
    await finish(lane.pool, run, Ended(state, "idle", values='{"a": "\\u0000"}', error=error), last_events=[])
    (owed,) = await office.all()
    assert (owed["state"], owed["run"]["state"], owed["values"]) == ("pending", state, {"a": "\x00"})
    assert (owed["run"]["error"] or {}).get("error") == {
        "success": None, "interrupted": "UserInterrupt"
    }.get(state, "E")  # fmt: skip


async def test_a_run_without_a_webhook_owes_none(office: Office) -> None:
    await office.lane.ended(await office.lane.claimed())
    assert await office.all() == []


async def test_a_receiver_hears_which_request_began_it(office: Office, receiver: Receiver) -> None:
    named: tuple[dict[str, Any], ...] = ({"input": {}, "request_id": "req-9"}, {"input": {}})
    for kwargs in named:
        row = await office.lane.admitted(webhook=f"{receiver.url}/hook", kwargs=kwargs)
        assert await office.lane.ended(await office.lane.claim(row))
        await office.round(office.sender())
    assert [d.headers.get("x-request-id") for d in receiver.received] == ["req-9", None]


async def test_a_nul_in_the_input_does_not_keep_a_run_from_ending(office: Office) -> None:
    lane = office.lane
    row = await lane.admitted(webhook="http://x/", kwargs={"input": {"x": "\x00"}})
    assert await lane.ended(await lane.claim(row))
    assert (await office.all())[0]["run"]["kwargs"]["input"] == {"x": "\x00"}


async def test_an_undone_run_owes_its_webhook_though_it_is_gone(office: Office) -> None:
    lane = office.lane
    run = await lane.claim(await lane.admitted(webhook="http://x/"))
    await finish(lane.pool, run, Ended("rollback", "idle"), last_events=[])
    assert await lane.states() == []
    (owed,) = await office.all()
    assert (owed["run"]["state"], owed["run"]["error"]["error"]) == ("interrupted", "UserRollback")


@pytest.mark.parametrize("strategy", ["interrupt", "rollback"])
async def test_waiting_runs_that_another_one_pushes_out_owe_theirs(office: Office, strategy: str) -> None:
    lane = office.lane
    first = await lane.claim(await lane.admitted(webhook="http://x/1"))
    await lane.admitted(webhook="http://x/2")
    await lane.admitted(strategy=strategy)
    assert [owed["url"] for owed in await office.all()] == ["http://x/2"]
    await lane.ended(first, "interrupted")
    assert len(await office.all()) == 2


async def test_a_run_that_is_given_up_owes_its_webhook_once(office: Office) -> None:
    lane = office.lane
    run = await lane.claim(await lane.admitted(webhook="http://x/"))
    await lane.execute("update run set lease_until = clock_timestamp() - interval '1 s'")
    await lane.rescue(max_attempts=1)
    (owed,) = await office.all()
    assert owed["run"]["error"]["error"] == "WorkerLost"
    assert not await lane.ended(run)
    assert len(await office.all()) == 1


async def test_five_senders_deliver_sixty_webhooks_once_each(office: Office, receiver: Receiver) -> None:
    for n in range(60):
        await office.owed(f"{receiver.url}/{n}")
    senders = [office.sender() for _ in range(5)]
    while await office.all(state="pending"):
        await office.round(*senders)
    assert sorted(int(d.path[1:]) for d in receiver.received) == list(range(60))
    assert all(owed["attempts"] == 1 for owed in await office.all())


@pytest.mark.behaviour("webhooks.three-attempts")
async def test_a_failed_delivery_is_repeated_under_the_same_id(office: Office, receiver: Receiver) -> None:
    receiver.answers["/flaky"] = [500, 404, 204]
    owed = await office.owed(f"{receiver.url}/flaky")
    for _ in range(4):
        await office.round(office.sender())
    assert {d.headers["x-webhook-id"] for d in receiver.received} == {str(owed["webhook_id"])}
    assert [d.headers["x-webhook-attempt"] for d in receiver.received] == ["1", "2", "3"]
    (owed,) = await office.all()
    assert (owed["state"], owed["status_code"], owed["error"], owed["failures"]) == (
        "delivered",
        204,
        None,
        2,
    )


@pytest.mark.behaviour("webhooks.three-attempts")
@pytest.mark.parametrize("status", [500, 301, 307])
async def test_after_three_failures_it_is_dead_and_no_redirect_is_followed(
    office: Office, receiver: Receiver, status: int
) -> None:
    receiver.answers["/no"] = [status]
    await office.owed(f"{receiver.url}/no")
    for _ in range(5):
        await office.round(office.sender())
    assert [d.path for d in receiver.received] == ["/no"] * 3
    (owed,) = await office.all()
    assert (owed["state"], owed["status_code"]) == ("dead", status)
    assert str(status) in owed["error"]


async def test_the_next_attempt_waits(office: Office, receiver: Receiver) -> None:
    receiver.answers["/no"] = [500]
    await office.owed(f"{receiver.url}/no")
    patient = Settings(webhook_pause=2.0, webhook_timeout=1.0)
    await office.round(office.sender(settings=patient))
    await office.round(office.sender(settings=patient))
    assert len(receiver.received) == 1
    (wait,) = await office.lane.select("select due_at - clock_timestamp() as wait from webhook")
    assert 1 < wait["wait"].total_seconds() <= 2


async def test_a_receiver_that_never_answers_is_left_and_holds_up_nobody(
    office: Office, receiver: Receiver
) -> None:
    receiver.answers["/silent"] = [0]
    await office.owed(f"{receiver.url}/silent")
    sender = office.sender()
    await sender.tick()
    await receiver.came("/silent")
    await office.owed(f"{receiver.url}/fine")
    await sender.tick()
    await receiver.came("/fine", patience=0.8)
    await sender.settled()
    silent = (await office.all(url=f"{receiver.url}/silent"))[0]
    assert (silent["state"], silent["error"]) == ("pending", "no answer within 1 s")


async def test_what_a_dead_sender_had_is_sent_by_another_once_its_lease_is_over(
    office: Office, receiver: Receiver
) -> None:
    receiver.answers["/first"] = [0, 200]
    await office.owed(f"{receiver.url}/first")
    dies, other = office.sender(), office.sender()
    await dies.tick()
    await receiver.came("/first")
    await office.round(other)
    assert len(receiver.received) == 1
    await office.expire()
    await office.round(other)
    assert (await office.all())[0]["state"] == "delivered"
    await dies.settled()
    (owed,) = await office.all()
    assert (owed["state"], owed["attempts"], owed["failures"]) == ("delivered", 2, 0)


async def test_a_webhook_that_its_senders_die_of_is_given_up(office: Office, receiver: Receiver) -> None:
    await office.owed(f"{receiver.url}/deadly")
    await office.lane.execute("update webhook set attempts = 11")
    await office.round(office.sender())
    (owed,) = await office.all()
    assert (owed["state"], receiver.received) == ("dead", [])
    assert "died" in owed["error"]


async def test_nobody_there_is_a_failure_like_any_other(office: Office) -> None:
    with receiving() as gone:
        pass
    await office.owed(f"{gone.url}/")
    await office.round(office.sender())
    (owed,) = await office.all()
    assert (owed["state"], owed["failures"], owed["status_code"]) == ("pending", 1, None)
    assert owed["error"].startswith("ConnectError")


@pytest.mark.behaviour("webhooks.checked-when-sent")
async def test_a_name_is_looked_up_and_checked_again_when_it_is_sent(
    office: Office, receiver: Receiver
) -> None:
    async def rebound(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    port = receiver.url.rpartition(":")[2]
    await office.owed(f"http://trusted.example:{port}/")
    await office.round(office.sender(Webhooks(), resolver=rebound))
    (owed,) = await office.all()
    assert (owed["error"], receiver.received) == (
        "DestinationRefused: Webhook host blocked: loopback IP range", []
    )  # fmt: skip


async def test_it_goes_to_the_address_that_was_checked_under_the_name_that_was_given(
    office: Office, receiver: Receiver
) -> None:
    looked_up: list[str] = []

    async def once(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return ["::1", "127.0.0.1"]

    port = receiver.url.rpartition(":")[2]
    await office.owed(f"http://trusted.example:{port}/hook?a=1")
    await office.round(office.sender(resolver=once))
    (delivery,) = receiver.received
    assert (delivery.path, delivery.headers["host"]) == ("/hook?a=1", f"trusted.example:{port}")
    assert looked_up == ["trusted.example"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and certificate of trusted.example, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trusted.example")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("trusted.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path / "trusted.pem"
    file.write_bytes(private + signed.public_bytes(encoding))
    return file


async def test_the_certificate_must_be_that_of_the_name_also_beside_a_trusted_one(
    office: Office, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with receiving(tls) as receiver:
        port = receiver.url.rpartition(":")[2]
        sender = office.sender(resolver=here)
        for host in ("trusted.example", "other.example"):
            await office.owed(f"https://{host}:{port}/{host}")
            await office.round(sender)
    assert [d.path for d in receiver.received] == ["/trusted.example"]
    trusted, other = await office.all()
    assert (trusted["state"], other["state"]) == ("delivered", "pending")
    assert "certificate" in other["error"]
