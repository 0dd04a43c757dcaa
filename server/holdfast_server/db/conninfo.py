"""The address of the database with everything in it, so that no variable is needed to connect."""

from __future__ import annotations

import os
from collections.abc import Mapping

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Conninfo

from holdfast_server.errors import ConfigError


def pinned(url: str, variables: Mapping[str, str]) -> str:
    """The address with what PG* variables (a password, a service) add to it.

    Raises:
        ConfigError: it is no address.
    """
    variables = {name: value for name, value in variables.items() if name.startswith("PG")}
    if not variables:
        return url
    try:
        said = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise ConfigError(f"the database's address cannot be read: {error}; correct DATABASE_URL") from None
    added = {name: value for name, value in _defaults(variables).items() if name not in said}
    return make_conninfo(url, **added)


def _defaults(variables: Mapping[str, str]) -> dict[str, str]:
    """What libpq would use; it looks into the environment of the process, so that has them for a moment."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        options = Conninfo.get_defaults()
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return {
        option.keyword.decode(): option.val.decode()
        for option in options
        if option.val and option.val != option.compiled and option.keyword != b"service"
    }
