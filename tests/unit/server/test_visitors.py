"""Which names an open house goes by, and which pages may call it."""

from __future__ import annotations

import pytest
from unit.server.asgi import ask, mirror

from holdfast_server.api.metrics import HttpMeter
from holdfast_server.api.visitors import OPEN_CORS, Doorkeeper, Visitors
from holdfast_server.config.http import Cors


def behind(visitors: Visitors) -> Doorkeeper:
    return Doorkeeper(mirror, visitors, HttpMeter())


OPEN = behind(Visitors(is_open=True, hosts=("box.example", "*.dev.example"), bound="127.0.0.1"))
GUARDED = behind(Visitors(is_open=False, hosts=(), cors=Cors()))


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:2024", 200),
        ("LOCALHOST.:2024", 200),
        ("app.localhost:2024", 200),
        ("127.0.0.1:2024", 200),
        ("127.9.9.9", 200),
        ("[::1]:2024", 200),
        ("host.docker.internal:2024", 200),
        ("box.example:2024", 200),
        ("a.dev.example", 200),
        ("dev.example", 421),
        ("evil.example:2024", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evilbox.example", 421),
        ("[::1].evil.example", 421),
        ("localhost:80:evil", 421),
    ],
)
async def test_a_name_that_somebody_else_made_resolve_to_this_machine_is_refused(
    host: str, status: int
) -> None:
    assert (await ask(OPEN, {"host": host})).status_code == status


async def test_probes_ask_by_any_name_and_two_names_are_none() -> None:
    assert (await ask(OPEN, {"host": "pod-7"}, path="/ok")).status_code == 200
    assert (await ask(OPEN, [("host", "localhost"), ("host", "evil.example")])).status_code == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1:5173", 200),
        ("http://[::1]:3000", 200),
        ("https://smith.langchain.com", 200),
        ("https://eu.smith.langchain.com", 200),
        ("https://agentchat.vercel.app", 200),
        ("https://dev.agentinbox.ai", 200),
        ("http://127.0.0.1:2024", 200),
        ("https://evil.example", 403),
        ("https://smith.langchain.com.evil.example", 403),
        ("https://evilsmith.langchain.com", 403),
        ("http://smith.langchain.com", 403),
        ("http://localhost.evil.example", 403),
        ("http://localhost:3000.evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_open_house_lets_pages_of_this_machine_and_of_langchain_call(
    origin: str, status: int, method: str
) -> None:
    answer = await ask(OPEN, {"origin": origin}, method=method)
    assert answer.status_code == status
    if status == 403:
        assert "http.cors.allow_origins" in answer.json()["detail"]


async def test_who_shows_a_key_is_not_asked_which_page_it_is() -> None:
    assert (await ask(GUARDED, {"origin": "https://any.example"}, method="POST")).status_code == 200
    assert (await ask(GUARDED, {"host": "any.example"})).status_code == 200


async def test_cookies_come_along_by_themselves_and_count_from_known_pages_only() -> None:
    brought = {"origin": "https://any.example", "cookie": "session=1"}
    assert (await ask(GUARDED, brought, method="POST")).status_code == 403
    assert (await ask(GUARDED, brought, method="GET")).status_code == 200
    own = {"origin": "https://agents.example", "host": "agents.example", "cookie": "session=1"}
    assert (await ask(GUARDED, own, method="POST")).status_code == 200
    named = behind(Visitors(is_open=False, cors=Cors(allow_origins=("https://any.example",))))
    assert (await ask(named, brought, method="POST")).status_code == 200


async def test_an_operator_may_open_the_house_to_every_page_and_names_hold_where_they_are_given() -> None:
    anywhere = behind(Visitors(is_open=True, cors=Cors()))
    assert (await ask(anywhere, {"origin": "https://any.example"}, method="POST")).status_code == 200
    named = behind(Visitors(is_open=False, hosts=("agents.example",), cors=Cors()))
    assert (await ask(named, {"host": "evil.example"})).status_code == 421


def test_the_default_says_no_wildcard() -> None:
    assert OPEN_CORS.allow_origins == ()


async def test_a_server_that_asks_who_calls_goes_by_any_name() -> None:
    guarded = behind(Visitors(is_open=False, cors=Cors(), bound="127.0.0.1"))
    assert (await ask(guarded, {"host": "agents.example.com"})).status_code == 200


async def test_probes_ask_by_any_name_also_below_a_prefix() -> None:
    prefixed = Doorkeeper(mirror, Visitors(is_open=True), HttpMeter(), prefix="/agents")
    for path, status in (("/ok", 200), ("/agents/ok", 200), ("/agents/ok/x", 421)):
        assert (await ask(prefixed, {"host": "probe"}, path=path)).status_code == status
