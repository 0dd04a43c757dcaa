"""Rate limits hold across API processes, and cost a busy caller one round trip a second."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.requests import HTTPConnection
from starlette.types import Message, Receive, Scope, Send

from holdfast_server.access.gatekeeper import OpenHouse
from holdfast_server.access.principal import Principal
from holdfast_server.api.app import fronted, make_app
from holdfast_server.api.front import FrontDoor
from holdfast_server.api.headers import AnswerHeaders
from holdfast_server.api.metrics import HttpMeter
from holdfast_server.api.rates import Limiter
from holdfast_server.api.turnstile import Turnstile
from holdfast_server.api.visitors import Visitors
from holdfast_server.config.door import DoorConfig, Rate
from holdfast_server.config.http import Cors
from holdfast_server.db.pool import Pool
from holdfast_server.db.statements import statement
from holdfast_server.errors import ApiError
from holdfast_server.settings import Settings
from holdfast_server.workers.rescuer import Rescuer

HOURLY = Rate(40, 3600)


def limiter(pool: Pool) -> Limiter:
    made = Limiter()
    made.use(pool)
    return made


class Doorman(OpenHouse):
    """Knows `right` keys; each is a user, and the key `limited` has a limit of its own."""

    async def authenticate(self, connection: HTTPConnection) -> Principal:
        key = connection.headers.get("x-api-key", "")
        if not key.startswith("right"):
            raise ApiError(401, "Unauthorized")
        limit = 3 if key == "right-limited" else None
        return Principal(how="key", key_id=key, user_id=key, rate_limit=limit)


def connection(
    key: str | None = None, address: str = "203.0.113.9", *more: tuple[bytes, bytes]
) -> HTTPConnection:
    headers = [*([(b"x-api-key", key.encode())] if key else []), *more]
    scope: dict[str, Any] = {"type": "http", "headers": headers, "client": (address, 1), "holdfast.seen": {}}
    return HTTPConnection(scope)


async def passes(
    gate: Turnstile, key: str | None, address: str = "203.0.113.9", *more: tuple[bytes, bytes]
) -> int:
    try:
        await gate.authenticate(connection(key, address, *more))
    except ApiError as error:
        return error.status
    return 200


async def test_processes_together_let_through_what_one_would(pool: Pool) -> None:
    processes = [limiter(pool) for _ in range(4)]
    verdicts = await asyncio.gather(*(processes[n % 4].take("a", HOURLY) for n in range(200)))
    assert sum(v.allowed for v in verdicts) == 40
    assert all(v.wait > 1 for v in verdicts if not v.allowed)
    assert (await processes[0].take("b", HOURLY)).allowed


async def test_a_bucket_fills_itself_and_never_above_its_size(pool: Pool) -> None:
    one = Rate(2, 60)
    assert [(await limiter(pool).take("a", one)).allowed for _ in range(3)] == [True, True, False]
    async with pool.connection() as conn:
        await conn.execute("update rate_bucket set filled_at = filled_at - interval '31 seconds'")
        assert [(await limiter(pool).take("a", one)).allowed for _ in range(2)] == [True, False]
        await conn.execute("update rate_bucket set filled_at = filled_at - interval '1 hour'")
        assert [(await limiter(pool).take("a", one)).allowed for _ in range(3)] == [True, True, False]


async def test_a_clock_that_was_set_back_empties_no_bucket(pool: Pool) -> None:
    assert (await limiter(pool).take("a", Rate(2, 60))).allowed
    async with pool.connection() as conn:
        await conn.execute("update rate_bucket set filled_at = filled_at + interval '1 day'")
    assert (await limiter(pool).take("a", Rate(2, 60))).allowed


async def test_a_busy_caller_costs_one_round_trip_a_handful(pool: Pool) -> None:
    busy = limiter(pool)
    before = pool.get_stats().get("requests_num", 0)
    for _ in range(100):
        assert (await busy.take("a", Rate(6000, 60))).allowed
    refused = limiter(pool)
    while (await refused.take("b", HOURLY)).allowed:
        pass
    for _ in range(100):
        assert not (await refused.take("b", HOURLY)).allowed
    assert pool.get_stats()["requests_num"] - before <= 2 + 41


async def test_without_a_database_everybody_passes() -> None:
    assert (await Limiter().take("a", Rate(1, 60))).allowed


async def test_old_buckets_are_dropped(pool: Pool) -> None:
    await limiter(pool).take("a", HOURLY)
    async with pool.connection() as conn:
        assert (await conn.execute(statement("prune_rates"))).rowcount == 0
        await conn.execute("update rate_bucket set filled_at = filled_at - interval '3 hours'")
        assert (await conn.execute(statement("prune_rates"))).rowcount == 1


async def test_each_key_has_its_own_limit_wherever_it_calls_from(pool: Pool) -> None:
    gate = Turnstile(Doorman(), limiter(pool), DoorConfig(rate_limit=Rate(5, 60)), HttpMeter())
    got = [await passes(gate, "right-1", f"203.0.113.{n}") for n in range(7)]
    assert got == [200] * 5 + [429] * 2
    assert [await passes(gate, "right-limited") for _ in range(5)] == [200] * 3 + [429] * 2
    assert await passes(gate, "right-2") == 200


async def test_a_refusal_says_when_to_come_again_and_a_request_is_counted_once(pool: Pool) -> None:
    gate = Turnstile(Doorman(), limiter(pool), DoorConfig(rate_limit=Rate(2, 60)), HttpMeter())
    one = connection("right")
    for _ in range(3):
        await gate.authenticate(one)
    assert one.scope["holdfast.seen"]["headers"]["ratelimit-remaining"] == "1"
    await gate.authenticate(connection("right"))
    with pytest.raises(ApiError, match="More than 2 requests a minute") as refused:
        await gate.authenticate(connection("right"))
    assert refused.value.status == 429
    assert 1 <= int(refused.value.headers["retry-after"]) <= 30
    assert refused.value.headers["ratelimit-limit"] == "2"


async def test_a_browser_reads_from_the_answer_how_much_is_left_and_when_to_come_again(database: str) -> None:
    settings, meter, counting = Settings(database_url=database), HttpMeter(), Limiter()
    gate = Turnstile(Doorman(), counting, DoorConfig(rate_limit=Rate(2, 60)), meter)
    app = make_app(settings, companion=Rescuer, gatekeeper=gate, limiter=counting, meter=meter)
    door = fronted(app, meter, settings, cors=Cors(), visitors=Visitors(is_open=False, cors=Cors()))
    headers = {"x-api-key": "right", "origin": "https://page.example"}
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(door)
        async with httpx.AsyncClient(transport=transport, base_url="http://here", headers=headers) as http:
            answers = [await http.post("/threads", json={}) for _ in range(3)]
            assert (await http.get("/ok")).status_code == 200, "not counted"
            shown = (await http.get("/metrics")).text
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert [a.headers["ratelimit-remaining"] for a in answers] == ["1", "0", "0"]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 30
    assert "try again in" in answers[2].json()["detail"]
    assert answers[2].headers["access-control-allow-origin"] == "*"
    assert "retry-after" in answers[2].headers["access-control-expose-headers"]
    assert 'holdfast_http_refused_total{reason="rate"} 1.0' in shown


async def test_who_talks_too_fast_on_a_websocket_waits(pool: Pool) -> None:
    counting, meter = limiter(pool), HttpMeter()
    heard: list[float] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Turnstile(Doorman(), counting, DoorConfig(rate_limit=Rate(4, 1)), meter).authenticate(
            HTTPConnection(scope)
        )
        for _ in range(6):
            await receive()
            heard.append(asyncio.get_running_loop().time())

    async def talk() -> Message:
        return {"type": "websocket.receive", "text": "{}"}

    async def ignore(_: Message) -> None:
        return None

    scope = {
        "type": "websocket", "path": "/", "scheme": "ws", "query_string": b"", "client": ("203.0.113.9", 1),
        "headers": [(b"x-api-key", b"right")],
    }  # fmt: skip
    await FrontDoor(app, meter, AnswerHeaders({}))(scope, talk, ignore)
    # One for the handshake, three at once, then four a second.
    assert heard[2] - heard[0] < 0.5
    assert heard[5] - heard[2] > 0.6


async def test_whoever_guesses_locks_out_guesses_and_nobody_who_was_right_before(pool: Pool) -> None:
    gate = Turnstile(Doorman(), limiter(pool), DoorConfig(failed_logins=Rate(5, 60)), HttpMeter())
    assert await passes(gate, "right-old") == 200
    guesses = [await passes(gate, f"wrong-{n}") for n in range(20)]
    assert guesses == [401] * 5 + [429] * 15
    assert await passes(gate, "right-old") == 200, "known here"
    for beside in ((b"cookie", b"session=new"), (b"authorization", b"Bearer fresh")):
        assert await passes(gate, "right-old", "203.0.113.9", beside) == 200, "also beside something new"
    assert await passes(gate, "right-new") == 429, "could be a guess"
    assert await passes(gate, "right-new", "198.51.100.7") == 200, "comes from somewhere else"
    assert await passes(gate, None) == 401, "shows nothing to guess with"


async def test_a_client_with_one_wrong_key_locks_out_nobody(pool: Pool) -> None:
    gate = Turnstile(Doorman(), limiter(pool), DoorConfig(failed_logins=Rate(5, 60)), HttpMeter())
    assert [await passes(gate, "wrong") for _ in range(50)] == [401] * 50
    assert await passes(gate, "right-new") == 200


async def test_who_has_an_address_of_ipv6_has_all_of_its_network(pool: Pool) -> None:
    gate = Turnstile(OpenHouse(), limiter(pool), DoorConfig(rate_limit=Rate(3, 60)), HttpMeter())
    got = [await passes(gate, None, f"2001:db8::{n}") for n in range(1, 5)]
    assert got == [200, 200, 200, 429]
    assert await passes(gate, None, "2001:db8:1::1") == 200


async def test_guesses_at_once_are_told_no_more_than_guesses_one_by_one(pool: Pool) -> None:
    gate = Turnstile(Doorman(), limiter(pool), DoorConfig(failed_logins=Rate(5, 60)), HttpMeter())
    told = await asyncio.gather(*(passes(gate, f"wrong-{n}") for n in range(60)))
    assert sorted(told) == [401] * 5 + [429] * 55
