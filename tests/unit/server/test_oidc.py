"""Tokens of a real identity provider: what is taken and refused; its keys while they change or it is away."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from identity_provider import IdentityProvider, SigningKey, identity_provider

from holdfast_server.access.issuer import Issuer
from holdfast_server.access.key_set import KeySet
from holdfast_server.access.oidc import OidcGate
from holdfast_server.access.permissions import ROLES
from holdfast_server.access.provider import Provider
from holdfast_server.errors import ApiError, ProviderSilent


@pytest.fixture(scope="module")
def shared() -> Iterator[IdentityProvider]:
    with identity_provider() as provider:
        yield provider


@pytest.fixture
def provider(shared: IdentityProvider) -> IdentityProvider:
    shared.keys[1:] = []
    shared.come_back()
    shared.asked.clear()
    return shared


class Clock:
    """A clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ahead(int):
    """Seconds from when the test runs; tests are collected long before."""


def issuer_at(provider: IdentityProvider, **differently: Any) -> Issuer:
    plain = Issuer(
        url=provider.url, audiences=("holdfast",), default_roles=("viewer",), tenant_claim="org",
        roles_claim="realm_access.roles", roles={"hf-admins": "admin", "hf-ops": "operator"},
    )  # fmt: skip
    return replace(plain, **differently)


@pytest.fixture
async def gates() -> AsyncIterator[list[OidcGate]]:
    made: list[OidcGate] = []
    yield made
    for gate in made:
        await gate.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(provider: IdentityProvider, gates: list[OidcGate], clock: Clock) -> OidcGate:
    return made(gates, issuer_at(provider), clock)


def made(gates: list[OidcGate], issuer: Issuer, clock: Clock) -> OidcGate:
    asking = Provider(issuer)
    gates.append(OidcGate(issuer, roles={}, keys=KeySet(asking.jwks, issuer=issuer.url, clock=clock)))
    return gates[-1]


async def refusal(gate: OidcGate, token: str) -> tuple[int, str]:
    with pytest.raises(ApiError) as refused:
        await gate.who(token)
    if refused.value.status == 401:
        assert refused.value.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    return refused.value.status, refused.value.detail


def signed(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """A token as an attacker makes it, without a library that keeps them from it."""
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in (header, claims)]
    raw = b".".join(parts)
    mac = b"" if secret is None else hmac.digest(secret, raw, hashlib.sha256)
    return (raw + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def good(provider: IdentityProvider) -> dict[str, Any]:
    now = int(time.time())
    return {"iss": provider.url, "aud": "holdfast", "sub": "eve", "org": "acme", "iat": now, "exp": now + 60}


async def test_claims_become_user_tenant_and_roles(gate: OidcGate, provider: IdentityProvider) -> None:
    groups = {"roles": ["hf-ops", "someone-else's", 7]}
    who = await gate.who(provider.token(org="acme", realm_access=groups, name="Ada L", email="a@x.example"))
    assert (who.tenant, who.user_id, who.how) == ("acme", "ada", "oidc")
    assert who.roles == {"operator", "viewer"}
    assert who.permissions == ROLES["operator"] | ROLES["viewer"]
    assert who.configurable["langgraph_auth_user_id"] == who.configurable["user_id"] == "ada"
    assert who.configurable["langgraph_auth_permissions"] == sorted(who.permissions)
    assert who.configurable["langgraph_auth_user"]["email"] == who.native.email == "a@x.example"
    assert (who.native.identity, who.native["org"], who.native.display_name) == ("ada", "acme", "Ada L")


async def test_a_claim_cannot_say_what_only_we_say(gate: OidcGate, provider: IdentityProvider) -> None:
    claims: dict[str, Any] = {"permissions": ["keys.manage"], "identity": "root", "is_authenticated": False}
    who = await gate.who(provider.token(org="acme", **claims))
    assert who.permissions == ROLES["viewer"]
    assert (who.native.identity, who.native.is_authenticated) == ("ada", True)
    assert "keys.manage" not in who.native.permissions


async def test_the_tenant_may_be_fixed(
    provider: IdentityProvider, gates: list[OidcGate], clock: Clock
) -> None:
    fixed = made(gates, issuer_at(provider, tenant_claim=None, tenant="house"), clock)
    assert (await fixed.who(provider.token(org="acme"))).tenant == "house"


@pytest.mark.parametrize(
    ("claims", "status", "words"),
    [
        ({"aud": "other"}, 401, "for another audience"),
        ({"aud": ["other", "holdfast"]}, 200, ""),
        ({"aud": None}, 401, "lacks aud"),
        ({"exp": None}, 401, "lacks exp"),
        ({"exp": 1}, 401, "has expired"),
        ({"exp": Ahead(-10)}, 200, ""),
        ({"exp": "soon"}, 401, "malformed"),
        ({"nbf": Ahead(600)}, 401, "not valid yet"),
        ({"iat": Ahead(600)}, 401, "not valid yet"),
        ({"sub": None}, 403, "names no user: sub"),
        ({"sub": ""}, 403, "names no user: sub"),
        ({"sub": "a\0b"}, 403, "names no user: sub"),
        ({"sub": "x" * 300}, 403, "names no user: sub"),
        ({"sub": 7}, 200, ""),
        ({"org": None}, 403, "names no tenant: org is missing"),
        ({"org": "../etc"}, 403, "names no tenant: org is no name"),
        ({"org": ["acme"]}, 403, "names no tenant: org is no name"),
        ({"org": True}, 403, "names no tenant: org is no name"),
        ({"org": 42}, 200, ""),
    ],
)
async def test_a_token_must_say_what_we_need(
    gate: OidcGate, provider: IdentityProvider, claims: dict[str, Any], status: int, words: str
) -> None:
    now = int(time.time())
    given: dict[str, Any] = {
        name: now + value if isinstance(value, Ahead) else value for name, value in claims.items()
    }
    token = provider.token(**{"org": "acme", **given})
    if status == 200:
        assert await gate.who(token)
        return
    refused = await refusal(gate, token)
    assert refused[0] == status
    assert words in refused[1]


async def test_no_algorithm_and_no_shared_secret_gets_in(gate: OidcGate, provider: IdentityProvider) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = provider.keys[0].private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for algorithm, secret in (("none", None), ("None", None), ("HS256", pem), ("HS256", b""), (None, None)):
        header = {"alg": algorithm, "typ": "JWT", "kid": "first"}
        status, words = await refusal(gate, signed(header, good(provider), secret))
        assert (status, "in a way that is not taken" in words) == (401, True), algorithm
    # With an algorithm of the list, the key must still be one for it.
    for algorithm in ("ES256", "EdDSA", "PS256"):
        header = {"alg": algorithm, "kid": "first"}
        assert (await refusal(gate, signed(header, good(provider), pem)))[0] == 401


async def test_only_listed_algorithms_count(
    provider: IdentityProvider, gates: list[OidcGate], clock: Clock
) -> None:
    curve = SigningKey.drawn("curve", "ES256")
    provider.keys.append(curve)
    assert await made(gates, issuer_at(provider), clock).who(provider.token(org="acme"))
    narrow = made(gates, issuer_at(provider, algorithms=("RS256",)), clock)
    assert (await refusal(narrow, provider.token(org="acme")))[0] == 401


async def test_a_token_of_another_key_or_with_other_claims_is_refused(
    gate: OidcGate, provider: IdentityProvider
) -> None:
    forged = provider.token(key=SigningKey.drawn("first"), org="acme")
    assert await refusal(gate, forged) == (401, "The signature of the token is wrong")
    head, _, signature = provider.token(org="acme").split(".")
    claims = base64.urlsafe_b64encode(json.dumps(good(provider)).encode()).decode().rstrip("=")
    assert (await refusal(gate, f"{head}.{claims}.{signature}"))[0] == 401


async def test_a_token_brings_no_keys_of_its_own(gate: OidcGate, provider: IdentityProvider) -> None:
    own = SigningKey.drawn("own")
    for header in ({"jwk": own.public}, {"jku": provider.url + "/evil"}, {"x5u": provider.url + "/evil"}):
        assert (await refusal(gate, provider.token(key=own, header=header, org="acme")))[0] == 401
    assert "/evil" not in provider.asked


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_keys_for_other_things_are_not_taken(
    provider: IdentityProvider, gates: list[OidcGate], clock: Clock
) -> None:
    weak = SigningKey.drawn("weak", size=1024)
    provider.keys.append(weak)
    shared = {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"}
    published = [{**provider.keys[0].public, "use": "enc"}, shared, weak.public, {"kid": "first"}, {}, 7]
    provider.answers["/keys"] = (200, {"keys": published})
    gate = made(gates, issuer_at(provider), clock)
    assert (await refusal(gate, provider.token(key=provider.keys[0], org="acme")))[0] == 401
    assert (await refusal(gate, provider.token(key=weak, org="acme")))[0] == 401


async def test_a_token_without_key_id_needs_a_provider_with_one_key(
    gate: OidcGate, provider: IdentityProvider, gates: list[OidcGate], clock: Clock
) -> None:
    import jwt

    token = jwt.encode(good(provider), provider.keys[0].private, "RS256")
    assert await gate.who(token)
    provider.keys.append(SigningKey.drawn("second"))
    assert (await refusal(made(gates, issuer_at(provider), clock), token))[0] == 401


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "e30.e30.", "e30.e30.e30", "W10.W10.W10", "é.é.é", "[" * 9000 + ".a.b"]
)
async def test_garbage_is_a_401(gate: OidcGate, token: str) -> None:
    assert (await refusal(gate, token))[0] == 401


async def test_a_new_key_of_the_provider_is_found_and_made_up_ones_do_not_storm_it(
    gate: OidcGate, provider: IdentityProvider, clock: Clock
) -> None:
    assert await gate.who(provider.token(org="acme"))
    provider.keys.append(SigningKey.drawn("second"))
    clock.now += 11
    assert await asyncio.gather(*(gate.who(provider.token(org="acme")) for _ in range(20)))
    assert provider.asked.count("/keys") == 2
    for number in range(30):
        made_up = provider.token(key=provider.keys[0], header={"kid": f"made up {number}"}, org="acme")
        assert (await refusal(gate, made_up))[0] == 401
    assert provider.asked.count("/keys") == 2


async def test_a_key_that_the_provider_withdrew_is_refused(
    gate: OidcGate, provider: IdentityProvider, clock: Clock
) -> None:
    old, token = provider.keys[0], provider.token(org="acme")
    assert await gate.who(token)
    provider.keys[:] = [SigningKey.drawn("second")]
    try:
        assert await gate.who(token), "its keys are kept for five minutes"
        clock.now += 301
        assert (await refusal(gate, token))[0] == 401
    finally:
        provider.keys[:] = [old]


async def test_known_keys_go_on_while_the_provider_is_away_but_not_for_ever(
    gate: OidcGate, provider: IdentityProvider, clock: Clock
) -> None:
    assert await gate.who(provider.token(org="acme"))
    provider.go_away()
    for _ in range(5):
        clock.now += 3600
        assert await gate.who(provider.token(org="acme"))
    clock.now += 3700
    assert (await refusal(gate, provider.token(org="acme")))[0] == 503
    provider.come_back()
    assert (await refusal(gate, provider.token(org="acme")))[0] == 503, "it was asked a moment ago"
    clock.now += 11
    assert await gate.who(provider.token(org="acme"))


async def test_a_provider_that_was_never_there_is_a_503(
    provider: IdentityProvider, gates: list[OidcGate], clock: Clock
) -> None:
    provider.go_away()
    gate = made(gates, issuer_at(provider), clock)
    status, words = await refusal(gate, provider.token(org="acme"))
    assert (status, "does not answer" in words) == (503, True)


async def test_who_hangs_up_does_not_end_the_renewal_for_others(clock: Clock) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()
    key = SigningKey.drawn("k", "ES256")

    async def fetch() -> list[dict[str, Any]]:
        asked.set()
        await go_on.wait()
        return [key.public]

    keys = KeySet(fetch, issuer="x", clock=clock)
    first, second = (asyncio.create_task(keys.key("k", "ES256")) for _ in range(2))
    await asked.wait()
    first.cancel()
    go_on.set()
    assert (await second).key_id == "k"
    await keys.close()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/keys", (200, b"no json")),
        ("/keys", (200, [])),
        ("/keys", (200, {"keys": "none"})),
        ("/keys", (302, {})),
        ("/keys", (200, b"[" + b" " * 2_000_000)),
        ("/.well-known/openid-configuration", (200, {"issuer": "https://other.example", "jwks_uri": "x"})),
        ("/.well-known/openid-configuration", (404, {})),
    ],
)
async def test_a_provider_that_answers_nonsense_is_silent(
    provider: IdentityProvider, path: str, answer: tuple[int, Any]
) -> None:
    provider.answers[path] = answer
    asking = Provider(issuer_at(provider))
    with pytest.raises(ProviderSilent):
        await asking.jwks()
    await asking.close()


async def test_keys_are_not_fetched_from_wherever_a_document_says(provider: IdentityProvider) -> None:
    document = {"issuer": provider.url, "jwks_uri": "http://keys.example/keys"}
    provider.answers["/.well-known/openid-configuration"] = (200, document)
    asking = Provider(issuer_at(provider))
    with pytest.raises(ProviderSilent, match="must be an https address"):
        await asking.jwks()
    await asking.close()
