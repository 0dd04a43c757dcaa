"""Where secrets come from, whose they are, and what a reference is."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from holdfast_server.cli import cli
from holdfast_server.config.app import AppConfig, read_config
from holdfast_server.config.secrets import FromEnvironment, FromFiles, is_name, read_secrets
from holdfast_server.errors import ConfigError
from holdfast_server.masking.masker import MASKER
from holdfast_server.secrets.environment import prepared, resolved_environment
from holdfast_server.secrets.errors import SecretUnavailable, UnknownSecret
from holdfast_server.secrets.provider import Code, Environment, Files
from holdfast_server.secrets.reference import referred, resolved_value
from holdfast_server.secrets.secrets import Secrets, hide_variables


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """What a test teaches the masker is forgotten."""
    yield
    MASKER.forget()


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """A folder of secrets as Kubernetes mounts it, with one tenant's below."""
    for folder, name in ((tmp_path, "HOUSE"), (tmp_path / "acme", "OWN")):
        version = folder / "..2024_01"
        version.mkdir(parents=True)
        (version / name).write_text(f"value of {name}\n")
        (folder / "..data").symlink_to(version.name)
        (folder / name).symlink_to(f"..data/{name}")
    return tmp_path


async def test_files_are_found_through_the_links_of_kubernetes_and_read_anew(mounted: Path) -> None:
    files = Files(mounted)
    assert await files.get("default", "HOUSE") == "value of HOUSE"
    assert await files.get("acme", "OWN") == "value of OWN"
    new = mounted / "..2024_02"
    new.mkdir()
    (new / "HOUSE").write_text("rotated\r\n")
    (mounted / "..data").unlink()
    (mounted / "..data").symlink_to(new.name)
    assert await files.get("default", "HOUSE") == "rotated"


@pytest.mark.parametrize(
    "tenant", ["acme", "globex", "..", ".", "", "acme/..", "..data", "../acme", "a\x00b", "/"]
)
async def test_a_tenant_finds_nothing_outside_its_folder(mounted: Path, tenant: str) -> None:
    files = Secrets((Files(mounted),))
    for name in ("HOUSE", "../HOUSE", "..data", "..data/HOUSE", "./HOUSE", "/etc/passwd", "acme", ""):
        with pytest.raises(UnknownSecret):
            await files.get(tenant, name)


async def test_a_link_out_of_the_folder_is_not_followed(mounted: Path) -> None:
    (mounted / "acme" / "HOUSE").symlink_to(mounted / "HOUSE")
    with pytest.raises(SecretUnavailable, match="a link out of its folder"):
        await Files(mounted).get("acme", "HOUSE")


@pytest.mark.parametrize(
    ("data", "words"), [(b"\xff\xfe", "no UTF-8"), (b"x" * 65_537, "more than"), (b"\n", "empty")]
)
async def test_a_file_that_is_no_secret_says_why_and_not_what(mounted: Path, data: bytes, words: str) -> None:
    (mounted / "BAD").write_bytes(data)
    with pytest.raises(SecretUnavailable, match=words):
        await Secrets((Files(mounted),)).get("default", "BAD")


VARIABLES = {
    "APP_OWN": "house",
    "APP_ACME__OWN": "acme",
    "APP_A_B__OWN": "a_b",
    "DATABASE_URL": "x",
    "OWN": "x",
}


@given(tenant=st.sampled_from(["acme", "a_b", "a-b", "A_B", "ACME", "a__b", "", "default", "Acme", "ácme"]))
async def test_variables_of_one_tenant_are_no_other_tenants(tenant: str) -> None:
    environment = Environment("APP_", VARIABLES)
    own = {"default": "house", "acme": "acme", "a_b": "a_b"}.get(tenant)
    assert await environment.get(tenant, "OWN") == own
    for name in ("ACME__OWN", "A_B__OWN", "_OWN", "B__OWN", "../OWN"):
        assert await environment.get(tenant, name) is None


async def test_a_tenant_takes_from_the_house_what_it_shares_and_has_not_itself(mounted: Path) -> None:
    (mounted / "acme" / "SHARED").write_text("acme's own")
    (mounted / "SHARED").write_text("the house's")
    secrets = Secrets((Files(mounted),), frozenset({"SHARED"}))
    assert await secrets.get("acme", "SHARED") == "acme's own"
    assert await secrets.get("globex", "SHARED") == "the house's"
    with pytest.raises(UnknownSecret, match=r"secret:HOUSE is not known; looked for file .*/globex/HOUSE$"):
        await secrets.get("globex", "HOUSE")


async def test_what_was_resolved_is_masked_from_then_on(mounted: Path) -> None:
    assert MASKER.text("value of HOUSE") == "value of HOUSE"
    await Secrets((Files(mounted),)).get("default", "HOUSE")
    assert MASKER.text("value of HOUSE") == "[secret:HOUSE]"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("secret:A", "A"), ("secret:a.b-c", "a.b-c"), ("secret:", None), ("secret: A", None), 
        ("Secret:A", None),
        ("secret:A ", None), ("secret:../A", None), ("secret:.A", None), ("secret:A/B", None), (5, None),
        ("secret:" + "A" * 129, None), ("secret:A\n", None),
    ],
)  # fmt: skip
def test_what_is_a_reference(text: object, name: str | None) -> None:
    assert referred(text) == name


@given(st.text())
def test_no_name_leads_out_of_a_folder(name: str) -> None:
    assert not is_name(name) or not (set(name) & set("/\\\x00") or ".." in name or name.startswith("."))


async def test_references_in_a_context_are_resolved_wherever_they_stand_and_the_context_stays() -> None:
    async def resolve(name: str) -> str:
        return name.lower()

    context = {"a": "secret:A", "b": [{"c": "secret:B", "secret:D": 1}, "plain secret:E"]}
    before = json.dumps(context)
    assert await resolved_value(context, resolve) == {
        "a": "a",
        "b": [{"c": "b", "secret:D": 1}, "plain secret:E"],
    }
    assert json.dumps(context) == before


def configured(folder: Path, **said: Any) -> AppConfig:
    """A langgraph.json in a folder, read."""
    (folder / "langgraph.json").write_text(json.dumps({"graphs": {"g": "./g.py:g"}, **said}))
    return read_config(folder / "langgraph.json")


def test_env_and_webhook_headers_are_resolved(mounted: Path) -> None:
    config = configured(
        mounted,
        env={"KEY": "secret:HOUSE", "URL": "https://u:${{ secret:HOUSE }}@host", "PLAIN": "x"},
        webhooks={"headers": {"x-key": "Bearer ${{ secret:HOUSE }}"}},
        holdfast={"secrets": {"providers": [{"type": "files", "path": "."}]}},
    )
    ready, secrets = prepared(config)
    assert ready.env == resolved_environment(config, secrets)
    assert ready.env == {"KEY": "value of HOUSE", "URL": "https://u:value of HOUSE@host", "PLAIN": "x"}
    assert ready.webhooks.headers == {"x-key": "Bearer value of HOUSE"}


def test_a_reference_that_does_not_resolve_stops_the_start_and_names_its_place(tmp_path: Path) -> None:
    config = configured(tmp_path, env={"KEY": "secret:NOWHERE"})
    with pytest.raises(
        ConfigError, match=r'"env.KEY": secret:NOWHERE is not known; looked for variable HOLDFAST_SEC'
    ):
        prepared(config)


def test_references_themselves_are_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_SECRET_NAME", "the-real-value")
    prepared(configured(tmp_path, env={"API_KEY": "secret:NAME"}))
    assert MASKER.text("secret:NAME the-real-value") == "secret:NAME [secret:NAME]*"


def test_variables_of_secrets_are_hidden_from_code_of_the_user(tmp_path: Path) -> None:
    environment = {
        "HOLDFAST_SECRET_A": "1",
        "HOLDFAST_SECRET_ACME__A": "2",
        "HOLDFAST_LEASE": "3",
        "PATH": "4",
    }
    hide_variables(configured(tmp_path), environment)
    assert environment.keys() == {"HOLDFAST_LEASE", "PATH"}


async def test_a_provider_of_ones_own_may_be_a_class_a_function_or_an_object(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "class P:\n    async def get(self, tenant, name):\n        return {'A': 'value', 'N': 5}.get(name)\n"
        "def make():\n    return P()\nmade = P()\nclass Sync:\n    def get(self, tenant, name): ...\n"
    )
    for name in ("P", "make", "made"):
        said = {"secrets": {"providers": [{"path": f"./own.py:{name}"}]}}
        secrets = Secrets.of(configured(tmp_path, holdfast=said))
        assert await secrets.get("anybody", "A") == "value"
        assert secrets.get_now("anybody", "A") == "value"
        with pytest.raises(SecretUnavailable, match="gave a int"):
            await secrets.get("anybody", "N")
    for name, words in (("Sync", "async def get"), ("nobody", "has no 'nobody'")):
        said = {"secrets": {"providers": [{"path": f"./own.py:{name}"}]}}
        with pytest.raises(ConfigError, match=words):
            Secrets.of(configured(tmp_path, holdfast=said))


async def test_a_provider_that_hangs_or_blocks_holds_nobody_up_for_long() -> None:
    over = threading.Event()

    class Slow:
        async def get(self, tenant: str, name: str) -> str | None:
            return str(over.wait() if name == "BLOCK" else await asyncio.Event().wait())

    secrets = Secrets((Code("./slow.py:Slow", Slow()),), patience=0.05)
    try:
        for name, words in (
            ("HANG", "slow.py:Slow did not answer in 0.05 s"),
            ("BLOCK", "a provider blocks"),
        ):
            with pytest.raises(SecretUnavailable, match=words):
                await secrets.get("default", name)
        with pytest.raises(SecretUnavailable, match="a provider blocks"):
            secrets.get_now("default", "BLOCK")
    finally:
        over.set()


def test_the_section_is_read(tmp_path: Path) -> None:
    said = {"providers": [{"type": "env", "prefix": "A_", "x": 1}, {"type": "files", "path": "s"}], "y": 1}
    read = read_secrets(tmp_path / "langgraph.json", said)
    assert read.providers == (FromEnvironment("A_"), FromFiles(tmp_path / "s"))
    assert read.unknown_keys == ("holdfast.secrets.y", "holdfast.secrets.providers[0].x")
    assert read_secrets(tmp_path, None).providers == (FromEnvironment("HOLDFAST_SECRET_"),)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"providers": "env"}, '"holdfast.secrets.providers" is'),
        ({"providers": []}, "must be a list such as"),
        ({"providers": [5]}, r'"holdfast.secrets.providers\[0\]" is 5; it must be an object'),
        ({"providers": [{"type": "vault"}]}, 'must be "env" or "files"'),
        ({"providers": [{"type": "env", "prefix": "HOLDFAST_"}]}, "a prefix of its own"),
        ({"providers": [{"type": "env", "prefix": "D"}]}, "a prefix of its own"),
        ({"providers": [{"type": "files"}]}, "must name the folder"),
        ({"providers": [{"path": "vault.py"}]}, "must be written as"),
        ({"providers": [{}]}, "must be written as"),
        ({"shared": ["../x"]}, "'../x' is none"),
        (5, '"holdfast.secrets" is 5'),
    ],
)
def test_a_wrong_section_names_the_key_and_the_mend(tmp_path: Path, said: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_secrets(tmp_path / "langgraph.json", said)


def test_check_tells_what_resolves_and_no_value(mounted: Path) -> None:
    configured(
        mounted,
        env={"GOOD": "secret:HOUSE", "BAD": "secret:NOWHERE", "PLAIN": "x"},
        holdfast={"secrets": {"providers": [{"type": "files", "path": "."}]}},
    )
    path = str(mounted / "langgraph.json")
    answer = CliRunner().invoke(cli, ["secrets", "check", "-c", path])
    assert answer.exit_code == 1
    good, bad = answer.output.splitlines()
    assert good.split() == ["ok", "env.GOOD", "secret:HOUSE", "resolves"]
    assert bad.startswith("BAD  env.BAD")
    assert f"looked for file {mounted}/default/NOWHERE and {mounted}/NOWHERE" in bad
    answer = CliRunner().invoke(cli, ["secrets", "check", "-c", path, "--tenant", "acme", "OWN", "HOUSE"])
    assert [line[:3] for line in answer.output.splitlines()] == ["ok ", "BAD", "ok ", "BAD"]
    assert "value of" not in answer.output
