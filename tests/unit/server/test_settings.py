"""Settings come from the environment, and a wrong one names its variable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from holdfast_server.errors import ConfigError
from holdfast_server.settings import Settings


def test_nothing_set_means_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_every_field_is_read_with_its_type() -> None:
    environment = {
        "HOLDFAST_CONCURRENCY": "3", "HOLDFAST_LEASE": "2.5", "HOLDFAST_CONFIG": "a/b.json",
        "HOLDFAST_DATABASE_URL": "u",
    }  # fmt: skip
    settings = Settings.from_environment(environment)
    assert (settings.concurrency, settings.lease, settings.config) == (3, 2.5, Path("a/b.json"))
    assert settings.database_url == "u"
    assert settings.lease_interval == timedelta(seconds=2.5)


def test_our_own_variable_wins_over_the_common_one_and_the_command_line_over_both() -> None:
    environment = {"DATABASE_URL": "common"}
    assert Settings.from_environment(environment).database_url == "common"
    environment["HOLDFAST_DATABASE_URL"] = "own"
    assert Settings.from_environment(environment).database_url == "own"
    assert Settings.from_environment(environment, database_url="given").database_url == "given"
    assert Settings.from_environment(environment, database_url=None).database_url == "own"


@pytest.mark.parametrize("name", ["LEASE", "CONCURRENCY", "POOL_SIZE"])
def test_a_wrong_value_names_the_variable(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"HOLDFAST_{name} is 'soon'"):
        Settings.from_environment({f"HOLDFAST_{name}": "soon"})
