"""The boundary: the environment of user code, and what is handed over behind its back."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from holdfast_server import given as givens
from holdfast_server.boundary.crossing import prepare
from holdfast_server.boundary.environment import EVERYTHING, clean, dropped, keys_among, with_advice
from holdfast_server.boundary.handover import Handover
from holdfast_server.config.app import read_config
from holdfast_server.db.conninfo import pinned
from holdfast_server.errors import ConfigError

SHELL = {
    "PATH": "/bin", "LC_ALL": "C", "DATABASE_URL": "postgresql://house", "HOLDFAST_LEASE": "3",
    "OPENAI_API_KEY": "sk", "AWS_PROFILE": "me", "ODD": "1",
}  # fmt: skip


def test_programs_find_what_they_need_and_no_more() -> None:
    assert clean(SHELL, {}, []).keys() == {"PATH", "LC_ALL", "LANGGRAPH_STRICT_MSGPACK"}


def test_what_is_granted_by_name_or_pattern_is_passed() -> None:
    granted = clean(SHELL, {}, ["OPENAI_API_KEY", "AWS_*"])
    assert (granted["OPENAI_API_KEY"], granted["AWS_PROFILE"]) == ("sk", "me")
    assert "ODD" not in granted


@pytest.mark.parametrize("pattern", [EVERYTHING, "D*", "DATABASE_URL", "HOLDFAST_LEASE", "?OLDFAST_*"])
def test_no_pattern_grants_what_is_ours(pattern: str) -> None:
    granted = clean(SHELL, {}, [pattern])
    assert not {"DATABASE_URL", "HOLDFAST_LEASE"} & granted.keys()


def test_a_value_of_langgraph_json_wins_whatever_its_name() -> None:
    assert clean(SHELL, {"DATABASE_URL": "theirs", "PATH": "/x"}, [])["DATABASE_URL"] == "theirs"


def test_no_value_makes_the_serialiser_lax() -> None:
    lax = {"LANGGRAPH_STRICT_MSGPACK": "false"}
    assert clean(lax, lax, [EVERYTHING])["LANGGRAPH_STRICT_MSGPACK"] == "true"


def test_dropped_keys_are_known_by_name() -> None:
    lost = dropped(SHELL, clean(SHELL, {}, ["AWS_*"]))
    assert lost == ("ODD", "OPENAI_API_KEY")
    assert keys_among(lost) == ("OPENAI_API_KEY",)


def test_an_error_that_speaks_of_a_dropped_variable_says_how_to_grant_it() -> None:
    told = with_advice("graph 'a': KeyError: 'ODD'", ("ODD", "OPENAI_API_KEY"))
    assert told.endswith('grant with "holdfast": {"workers": {"pass_env": ["ODD"]}} in langgraph.json')
    assert with_advice("ODDLY enough", ("ODD",)) == "ODDLY enough"


def test_a_handover_is_taken_once_and_is_nowhere_to_be_opened() -> None:
    sent = Handover(options={"pool": "p"}, given={"A": "é" * 1_000_000}, env={"E": "1"}, dropped=("X",))
    descriptor = sent.send()
    assert os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:") or sys.platform != "linux"
    assert Handover.receive(descriptor) == sent
    with pytest.raises(ConfigError, match="holds nothing"):
        Handover.receive(descriptor)


def test_a_handover_that_nobody_sent_is_refused() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    for descriptor in (theirs.detach(), 9999, -1, os.open(os.devnull, os.O_RDONLY)):
        with pytest.raises(ConfigError, match="holds nothing"):
            Handover.receive(descriptor)


def test_a_worker_is_handed_what_the_house_needs_there(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MINE=${ODD}\n# secret:IN_A_FILE\n")
    path = tmp_path / "langgraph.json"
    hidden = {"x": "secret:BY_NAME"}
    path.write_text(
        json.dumps({"graphs": {"g": "./g.py:g"}, "env": ".env", "webhooks": {}, "holdfast": hidden})
    )
    config = read_config(path)
    given = SHELL | {"PGPASSWORD": "pg", "BY_NAME": "1", "IN_A_FILE": "2"}
    handover = prepare(config, config.pool("default"), given=given, arguments=[], options={}).handover
    ours = {"DATABASE_URL", "HOLDFAST_LEASE", "PGPASSWORD", "BY_NAME", "IN_A_FILE", "ODD"}
    assert handover.given.keys() == ours, "the model keys of somebody else are not in its memory"


def test_ours_are_hidden_from_the_process_and_kept_for_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(givens, "_kept", None)
    monkeypatch.setenv("HOLDFAST_TEST", "1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://house")
    givens.hide_ours()
    assert "HOLDFAST_TEST" not in os.environ
    assert "DATABASE_URL" not in os.environ
    assert givens.given()["DATABASE_URL"] == "postgresql://house"


def test_variables_of_postgresql_are_written_into_the_address() -> None:
    address = pinned("postgresql://host/db", {"PGPASSWORD": "pw", "PGUSER": "me", "PATH": "/bin"})
    assert {"password=pw", "user=me", "host=host", "dbname=db"} <= set(address.split())
    assert "PGPASSWORD" not in os.environ
    assert conninfo_to_dict(pinned("postgresql://other@host/db", {"PGUSER": "me"}))["user"] == "other"
    assert pinned("postgresql://host/db", {}) == "postgresql://host/db"
    with pytest.raises(ConfigError, match="cannot be read"):
        pinned("postgres//", {"PGUSER": "me"})


HARDENED = """
import os, resource
from holdfast_server.boundary.hardening import harden
harden(debuggable=%s)
import ctypes
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE), oct(os.umask(0)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
@pytest.mark.parametrize(("debuggable", "dumpable"), [(False, 0), (True, 1)])
def test_a_hardened_process_leaves_no_core_and_shows_no_memory(debuggable: bool, dumpable: int) -> None:
    command = [sys.executable, "-c", HARDENED % debuggable]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == [str(dumpable), "(0, 0) 0o77\n"]
