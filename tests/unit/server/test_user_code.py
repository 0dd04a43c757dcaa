"""`auth` and `http` of langgraph.json: read, refused with a sentence, and loaded on the user's thread."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from holdfast_server.config.app import AppConfig, read_config
from holdfast_server.config.http import Cors, HeaderPatterns
from holdfast_server.custom.code import load_user_code
from holdfast_server.custom.headers import HeaderBearer
from holdfast_server.errors import ApiError, ConfigError


def config_of(folder: Path, **keys: Any) -> AppConfig:
    path = folder / "langgraph.json"
    path.write_text(json.dumps({"graphs": {"g": "./g.py:graph"}} | keys))
    return read_config(path)


@pytest.mark.parametrize(
    ("auth", "http", "sentence"),
    [
        ({"path": "./gone.py:auth"}, {}, "gone.py does not exist"),
        ({"path": "./auth.py:nothing"}, {}, "auth.py has no 'nothing'; it has Auth, auth"),
        ({"path": "./auth.py:Auth"}, {}, '"auth.path" is a type; it must be a langgraph_sdk.Auth'),
        ({"path": "./auth.py:auth"}, {}, "has no @auth.authenticate handler"),
        ({"path": "./broken.py:auth"}, {}, "broken.py:1"),
        ({"path": "./leaves.py:auth"}, {}, "SystemExit"),
        ({"path": "auth.py"}, {}, "\"auth.path\" is 'auth.py'; it must be written as"),
        ({}, {}, '"auth" names no handler'),
        ({"disable_studio_auth": True}, {}, '"auth" names no handler'),
        (5, {}, '"auth" is 5; it must be an object'),
        (None, {"app": "./auth.py:auth"}, "it must be a FastAPI or Starlette app"),
        (None, {"app": "./gone.py:app"}, "http.app: "),
        (None, {"cors": {"allow_origins": "*"}}, "\"http.cors.allow_origins\" is '*'; it must be a list"),
        (None, {"cors": {"allow_origin_regex": "("}}, "is no regular expression"),
        (None, {"cors": {"max_age": -1}}, "must be a whole number"),
        (None, {"mount_prefix": "x"}, 'must begin with "/"'),
        (None, {"middleware_order": "first"}, "\"http.middleware_order\" is 'first'"),
        (None, {"disable_runs": "yes"}, "must be true or false"),
        (None, {"configurable_headers": {"includes": [1]}}, "must be a list of texts"),
        (None, [], '"http" is []; it must be an object'),
    ],
)
def test_a_broken_section_is_refused_with_what_to_mend(
    tmp_path: Path, auth: Any, http: Any, sentence: str
) -> None:
    (tmp_path / "auth.py").write_text("from langgraph_sdk import Auth\nauth = Auth()\n")
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "leaves.py").write_text("import sys; sys.exit(1)\n")
    with pytest.raises(ConfigError) as refused:
        load_user_code(config_of(tmp_path, http=http, auth=auth), limit=1)
    assert sentence in str(refused.value)
    assert str(tmp_path) in str(refused.value)


async def test_without_auth_the_house_is_open_until_keys_are_demanded(tmp_path: Path) -> None:
    asking = HTTPConnection({"type": "http", "headers": []})
    for config in (None, config_of(tmp_path)):
        assert (await load_user_code(config, limit=1).gatekeeper.authenticate(asking)).how == "open"
    for access, demanded in (({"keys": True}, False), ({}, True)):
        config = config_of(tmp_path, holdfast={"access": access})
        gatekeeper = load_user_code(config, limit=1, require_keys=demanded).gatekeeper
        with pytest.raises(ApiError, match="Say who you are"):
            await gatekeeper.authenticate(HTTPConnection({"type": "http", "headers": []}))
    headers = {"configurable_headers": {"includes": ["x-a"]}}
    assert isinstance(load_user_code(config_of(tmp_path, http=headers), limit=1).gatekeeper, HeaderBearer)


def test_cors_keeps_what_it_does_not_say(tmp_path: Path) -> None:
    assert config_of(tmp_path, http={"cors": {}}).http.cors == Cors()
    by_pattern = config_of(tmp_path, http={"cors": {"allow_origin_regex": "https://.*"}}).http.cors
    assert by_pattern == Cors(allow_origins=(), allow_origin_regex="https://.*")
    closed = config_of(tmp_path, http={"cors": {"allow_origins": [], "allow_headers": []}}).http.cors
    assert closed == Cors(allow_origins=(), allow_headers=())


@pytest.mark.parametrize("spelling", [("includes", "excludes"), ("include", "exclude")])
def test_headers_are_chosen_by_pattern_and_secrets_by_name_only(
    tmp_path: Path, spelling: tuple[str, str]
) -> None:
    patterns = {spelling[0]: ["X-*", "authorization"], spelling[1]: ["x-hidden"]}
    chosen = config_of(tmp_path, http={"configurable_headers": patterns}).http.configurable_headers
    headers = [("X-A", "1"), ("x-hidden", "2"), ("x-api-key", "3"), ("cookie", "4"), ("Authorization", "5")]
    assert chosen.chosen(headers) == {"x-a": "1", "authorization": "5"}
    assert HeaderPatterns(includes=("*",)).chosen(headers) == {"x-a": "1", "x-hidden": "2"}
    assert HeaderPatterns(includes=("*",), excludes=("*",)).chosen(headers) == {}
