"""`holdfast.access` of langgraph.json: what it says, and that a slip of the pen opens nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from holdfast_server.access.issuer import ALGORITHMS, may_be_asked
from holdfast_server.config.access import AccessConfig
from holdfast_server.config.app import read_config
from holdfast_server.config.entrance import Entrance
from holdfast_server.errors import ConfigError
from holdfast_server.settings import Settings

LOGIN = {"issuer": "https://login.example/", "audience": "holdfast", "default_roles": ["viewer"]}


def access_of(folder: Path, access: Any, **keys: Any) -> AccessConfig:
    path = folder / "langgraph.json"
    path.write_text(json.dumps({"graphs": {"g": "./g.py:graph"}, "holdfast": {"access": access}} | keys))
    return read_config(path).house.access


def test_everything_has_a_default(tmp_path: Path) -> None:
    assert access_of(tmp_path, None) == access_of(tmp_path, {}) == AccessConfig()
    [issuer] = access_of(tmp_path, {"oidc": [LOGIN]}).issuers
    assert (issuer.user, issuer.tenant, issuer.tenant_claim, issuer.leeway) == ("sub", "default", None, 30)
    assert (issuer.algorithms, issuer.audiences) == (ALGORITHMS, ("holdfast",))
    assert not [name for name in ALGORITHMS if name.startswith("HS") or name.lower() == "none"]


def test_claims_grant_own_roles_too(tmp_path: Path) -> None:
    login = LOGIN | {
        "audience": ["a", "b"],
        "claims": {"user": "email", "tenant": "org_id", "roles": "realm_access.roles"},
        "roles": {"hf-deploy": "deployer", "hf-admins": "admin"}, "leeway": 0, "algorithms": ["ES256"],
    }  # fmt: skip
    roles = {"deployer": ["assistants.read", "assistants.write"]}
    access = access_of(tmp_path, {"oidc": [login], "roles": roles, "handler": {"tenant": "org.id"}})
    [issuer] = access.issuers
    assert access.roles == {"deployer": {"assistants.read", "assistants.write"}}
    assert (issuer.user, issuer.tenant_claim, issuer.roles_claim) == ("email", "org_id", "realm_access.roles")
    assert (issuer.roles["hf-deploy"], issuer.audiences, issuer.leeway) == ("deployer", ("a", "b"), 0)
    assert (access.handler.tenant, access.handler.roles) == ("org.id", None)


@pytest.mark.parametrize(
    ("access", "sentence"),
    [
        ([], '"holdfast.access" is []; it must be an object'),
        ({"key": True}, '"holdfast.access.key" means nothing; "holdfast.access" knows keys, oidc'),
        ({"keys": "yes"}, "\"holdfast.access.keys\" is 'yes'; it must be true or false"),
        ({"handler": {"role": "x"}}, '"holdfast.access.handler.role" means nothing'),
        ({"roles": {"admin": ["runs.read"]}}, "is a role of Holdfast"),
        ({"oidc": LOGIN}, '"holdfast.access.oidc" is {'),
        ({"oidc": [5]}, '"holdfast.access.oidc[0]" is 5'),
        ({"oidc": [LOGIN | {"audiance": "x"}]}, '"holdfast.access.oidc[0].audiance" means nothing'),
        ({"oidc": [LOGIN | {"claims": {"org": "x"}}]}, '"holdfast.access.oidc[0].claims.org" means nothing'),
        ({"oidc": [LOGIN | {"issuer": "http://login.example/"}]}, "https://login.example.com/"),
        ({"oidc": [LOGIN | {"issuer": None}]}, '"holdfast.access.oidc[0].issuer" is None'),
        ({"oidc": [LOGIN | {"jwks_uri": "file:///etc/passwd"}]}, '"holdfast.access.oidc[0].jwks_uri"'),
        ({"oidc": [LOGIN | {"audience": ""}]}, "without it any token would do"),
        ({"oidc": [LOGIN | {"audience": []}]}, "without it any token would do"),
        ({"oidc": [LOGIN | {"algorithms": ["HS256"]}]}, "shared secrets are not taken"),
        ({"oidc": [LOGIN | {"algorithms": ["none"]}]}, "shared secrets are not taken"),
        ({"oidc": [LOGIN | {"algorithms": []}]}, "must be of RS256"),
        ({"oidc": [LOGIN | {"default_roles": ["boss"]}]}, "must be a list of roles: admin, approver"),
        ({"oidc": [LOGIN | {"default_roles": []}]}, "grants nobody anything"),
        ({"oidc": [LOGIN | {"roles": {"a": "admin"}}]}, 'needs "roles" and "claims.roles"'),
        ({"oidc": [LOGIN | {"claims": {"roles": "groups"}}]}, 'needs "roles" and "claims.roles"'),
        ({"oidc": [LOGIN | {"roles": {"a": "boss"}}]}, "must be a role: admin, approver"),
        ({"oidc": [LOGIN | {"roles": {"a": ["admin"]}}]}, "must be a role: admin, approver"),
        ({"oidc": [LOGIN | {"claims": {"user": "."}}]}, "must be the path of a claim"),
        ({"oidc": [LOGIN | {"tenant": "a/b"}]}, "must be 1 to 128 letters"),
        ({"oidc": [LOGIN | {"tenant": "a", "claims": {"tenant": "b"}}]}, "keep one of them"),
        ({"oidc": [LOGIN | {"leeway": 9999}]}, "from 0 to 300"),
        ({"oidc": [LOGIN, LOGIN]}, "names 'https://login.example/' twice"),
    ],
)
def test_what_is_wrong_is_said_with_its_name(tmp_path: Path, access: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        access_of(tmp_path, access)
    assert sentence in str(refused.value)
    assert str(tmp_path) in str(refused.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://login.example/x", True),
        ("http://127.0.0.1:8080/", True),
        ("http://[::1]:8080/", True),
        ("http://localhost/", True),
        ("http://login.example/", False),
        ("http://127.0.0.1.evil.example/", False),
        ("http://localhost@evil.example/", False),
        ("https://", False),
        ("ftp://127.0.0.1/", False),
        ("https://[broken", False),
        (5, False),
    ],
)
def test_keys_come_over_https_or_from_this_machine(url: object, expected: bool) -> None:
    assert may_be_asked(url) is expected


def entrance(folder: Path, access: Any, *, require_keys: bool = False, **keys: Any) -> Entrance:
    access_of(folder, access, **keys)
    return Entrance.of(Settings(require_keys=require_keys), read_config(folder / "langgraph.json"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_a_house_that_asks_nobody_is_not_opened_to_others(tmp_path: Path, host: str) -> None:
    for unasked in (entrance(tmp_path, {}), Entrance.of(Settings(), None)):
        with pytest.raises(ConfigError) as refused:
            unasked.check(host)
        assert f"{host} can be reached from outside" in str(refused.value)
        assert "HOLDFAST_REQUIRE_KEYS=1" in str(refused.value)
        unasked.check("127.0.0.1")
    assert "nobody is asked who they are" in unasked.said()


def test_any_way_to_ask_opens_it(tmp_path: Path) -> None:
    handler: dict[str, Any] = {"auth": {"path": "./auth.py:auth"}}
    for asked in (
        entrance(tmp_path, {"keys": True}),
        entrance(tmp_path, {}, require_keys=True),
        entrance(tmp_path, {"oidc": [LOGIN]}),
        entrance(tmp_path, {}, **handler),
        Entrance.of(Settings(require_keys=True), None),
    ):
        asked.check("0.0.0.0")
        assert "callers are asked who they are: API keys" in asked.said()
    both = entrance(tmp_path, {"oidc": [LOGIN]}, **handler).said()
    assert both.endswith("API keys, tokens of https://login.example/, your auth handler")


@pytest.mark.parametrize("text", ["1", "true", "Yes", "on"])
def test_a_flag_of_the_environment_is_read(text: str) -> None:
    assert Settings.from_environment({"HOLDFAST_REQUIRE_KEYS": text}).require_keys is True
    assert Settings.from_environment({"HOLDFAST_REQUIRE_KEYS": "0"}).require_keys is False
    with pytest.raises(ConfigError, match="HOLDFAST_REQUIRE_KEYS is 'maybe'; it must be true or false"):
        Settings.from_environment({"HOLDFAST_REQUIRE_KEYS": "maybe"})
